import { explainSystemError, type Text } from '../text/index.ts';

/** Source of a value, the prefix of every problem: `--port`, `ROUTER_PORT`, `config.yaml:7`. */
type Where = string;

const at = (where: Where, en: string, ru: string): Text => ({ en: `${where}: ${en}`, ru: `${where}: ${ru}` });

function hint(nearest: string | null): Text {
  return nearest === null
    ? { en: '', ru: '' }
    : { en: `; did you mean ${nearest}?`, ru: `; возможно, имелось в виду ${nearest}?` };
}

/** Messages for all configuration errors. */
export const PROBLEMS = {
  unknownFlag: (flag: string, nearest: string | null): Text =>
    at(flag, `unknown option${hint(nearest).en}`, `неизвестная опция${hint(nearest).ru}`),
  unknownVariable: (name: string, nearest: string | null): Text =>
    at(name, `unknown variable${hint(nearest).en}`, `неизвестная переменная${hint(nearest).ru}`),
  unknownKey: (where: Where, name: string, nearest: string | null): Text =>
    at(where, `unknown key ${name}${hint(nearest).en}`, `неизвестный ключ ${name}${hint(nearest).ru}`),
  onlyAFlag: (where: Where, name: string): Text =>
    at(
      where,
      `${name} is only allowed on the command line, as --${name}`,
      `${name} задаётся только в командной строке: --${name}`,
    ),
  givenTwice: (where: Where, times: number): Text =>
    at(where, `given ${times} times`, `указано несколько раз: ${times}`),
  needsValue: (where: Where): Text => at(where, 'needs a value', 'нужно значение'),
  unexpected: (argument: string): Text =>
    at(argument, 'unexpected; options start with --', 'лишний аргумент; опции начинаются с --'),
  invalidValue: (where: Where, { en, ru }: Text): Text => at(where, en, ru),
  unreadable: (path: string, error: unknown): Text => {
    const { en, ru } = explainSystemError(error);
    return at(path, `cannot be read: ${en}`, `не читается: ${ru}`);
  },
  notText: (path: string): Text => at(path, 'is not a text file in UTF-8', 'не текстовый файл в UTF-8'),
  tooLarge: (path: string, limitKiB: number): Text =>
    at(path, `is larger than ${limitKiB} KiB`, `больше ${limitKiB} КиБ`),
  tooMany: (where: Where): Text =>
    at(
      where,
      'too many errors; the rest of the file was not checked',
      'слишком много ошибок; остаток файла не проверен',
    ),
  secondDocument: (where: Where): Text =>
    at(
      where,
      'a second YAML document starts here; remove this line',
      'здесь начинается второй документ YAML; удалите эту строку',
    ),
  optionsGone: (path: string): Text =>
    at(
      path,
      'the saved options of this daemon no longer exist (PM2 restored an old dump); run --daemon-start, then pm2 save',
      'сохранённых опций этого daemon больше нет (PM2 восстановил старый дамп); запустите --daemon-start, затем pm2 save',
    ),
  notArguments: (path: string): Text => at(path, 'expected a JSON array of strings', 'нужен JSON-массив строк'),
  noOption: (path: string): Text =>
    at(
      path,
      'contains no options; write {} if this is intended, or omit --config',
      'нет ни одной опции; напишите {}, если так и нужно, или уберите --config',
    ),
  notAMap: (where: Where): Text => at(where, 'expected "key: value" lines', 'нужны строки вида «ключ: значение»'),
  notSingle: (where: Where, name: string): Text =>
    at(where, `${name} must be a single value`, `${name}: нужно одно значение`),
  keyTwice: (where: Where, name: string): Text => at(where, `${name} is already set above`, `${name} уже задан выше`),
  syntax: (where: Where, message: string): Text => at(where, message, `ошибка YAML: ${message}`),
  needsAlso: (where: Where, flags: readonly string[]): Text => ({
    en: `${where} requires ${flags.join(' and ')}`,
    ru: `${where} требует ${flags.join(' и ')}`,
  }),
  contradicts: (where: Where, flag: string): Text => ({
    en: `${where} conflicts with ${flag}`,
    ru: `${where} противоречит ${flag}`,
  }),
  samePort: (where: Where, port: number): Text => ({
    en: `${where} equals the router port ${port}; choose another`,
    ru: `${where} совпадает с портом роутера (${port}); выберите другой`,
  }),
  workersNeedInternals: (where: Where): Text => ({
    en: `${where} needs undocumented parts of Node.js: remove --no-node-internals, or use --workers 1`,
    ru: `${where} требует недокументированных частей Node.js: уберите --no-node-internals или укажите --workers 1`,
  }),
} as const;
