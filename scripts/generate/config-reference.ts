import {
  configName,
  DEFAULT_CONFIG,
  environmentName,
  formatValue,
  isFileKey,
  OPTION_GROUPS,
  OPTIONS,
  type Option,
  type OptionGroup,
  type ReloadClass,
} from '../../src/config/index.ts';
import type { Language, Text } from '../../src/text/index.ts';

const NOTICE = '<!-- Generated from the options table by `npm run generate`; edit src/config/options-*.ts instead. -->';

const TITLE: Text = { en: 'Configuration', ru: 'Конфигурация' };

const INTRODUCTION: Text = {
  en: `Each option has one name and can be set in three places, in order of precedence:

1. a flag: \`--max-connections 5000\` or \`--max-connections=5000\`; boolean options also as \`--no-metrics\`,
2. the environment: \`ROUTER_MAX_CONNECTIONS=5000\`,
3. a file, YAML or JSON: \`--config router.yaml\` with the line \`max-connections: 5000\`,
4. the default.

Times are written with a unit (\`500ms\`, \`10s\`, \`5m\`, \`1h\`; without one: seconds), sizes likewise (\`4MiB\`, \`10M\`, \`512k\`; without one:
bytes; units are powers of 1024). All errors are reported at once, with file and line; the exit code is 2:

\`\`\`text
router.yaml:7: port must be 1..65535, got 99999
router.yaml:9: unknown key max-conections; did you mean max-connections?
\`\`\`

\`rpc-dart-router --check-config --config router.yaml\` validates without starting, and prints the effective configuration with the source
of each value; the output is a valid configuration file. A commented file with all keys is
[config/config.example.yaml](../config/config.example.yaml), the schema for editors
[config/config.schema.json](../config/config.schema.json).

The column **Reload** is the reload class, the effect of a changed value on SIGHUP (\`--daemon-reload\`, \`systemctl reload\`). *live*: applies immediately;
*new connections*: applies to later connections; *restart*: the whole reload is refused, and the option is named.
Clients stay connected during a reload.`,
  ru: `У каждой опции одно имя; задать её можно в трёх местах, по убыванию приоритета:

1. флаг: \`--max-connections 5000\` или \`--max-connections=5000\`; логические опции также \`--no-metrics\`,
2. окружение: \`ROUTER_MAX_CONNECTIONS=5000\`,
3. файл, YAML или JSON: \`--config router.yaml\` со строкой \`max-connections: 5000\`,
4. значение по умолчанию.

Время пишется с единицей (\`500ms\`, \`10s\`, \`5m\`, \`1h\`; без неё — секунды), размеры тоже (\`4MiB\`, \`10M\`, \`512k\`; без неё — байты; единицы —
степени 1024). Обо всех ошибках сообщается сразу, с файлом и строкой, код выхода 2:

\`\`\`text
router.yaml:7: port: нужно 1..65535, указано 99999
router.yaml:9: неизвестный ключ max-conections; возможно, имелось в виду max-connections?
\`\`\`

\`rpc-dart-router --check-config --config router.yaml\` проверяет конфигурацию без запуска и печатает действующие значения с их
источником; вывод можно использовать как файл конфигурации. Файл с комментариями и всеми ключами —
[config/config.example.ru.yaml](../../config/config.example.ru.yaml), схема для редакторов —
[config/config.schema.json](../../config/config.schema.json).

Столбец **Reload** — класс reload: как изменённое значение вступает в силу по SIGHUP (\`--daemon-reload\`, \`systemctl reload\`). *сразу* — немедленно;
*новые соединения* — только для последующих соединений; *перезапуск* — reload отклоняется целиком с указанием опции. Клиенты при
reload остаются подключёнными.`,
};

const COLUMNS: Readonly<Record<Language, string>> = {
  en: '| Flag | Environment | Value | Default | Reload | |',
  ru: '| Флаг | Окружение | Значение | По умолчанию | Reload | |',
};

const RELOAD: Readonly<Record<ReloadClass, Text>> = {
  live: { en: 'live', ru: 'сразу' },
  newConnections: { en: 'new connections', ru: 'новые соединения' },
  restart: { en: 'restart', ru: 'перезапуск' },
};

const TYPES: Readonly<Record<'boolean' | 'text' | 'path' | 'host', Text>> = {
  boolean: { en: 'on or off', ru: 'вкл. или выкл.' },
  text: { en: 'text', ru: 'текст' },
  path: { en: 'file', ru: 'файл' },
  host: { en: 'address or name', ru: 'адрес или имя' },
};

/** docs/configuration.md: every option that is not hidden, by group. */
export function configReference(lang: Language): string {
  const sections = (Object.keys(OPTION_GROUPS) as OptionGroup[]).map((group) => {
    const options = (OPTIONS as readonly Option[]).filter((option) => option.group === group && option.hidden !== true);
    const rows = options.map((option) => row(option, lang));
    return [`## ${OPTION_GROUPS[group][lang]}`, '', COLUMNS[lang], '|---|---|---|---|---|---|', ...rows].join('\n');
  });
  return `${NOTICE}\n\n# ${TITLE[lang]}\n\n${INTRODUCTION[lang]}\n\n${sections.join('\n\n')}\n`;
}

function row(option: Option, lang: Language): string {
  const isCommand = option.scope === 'command';
  const cells = [
    flagsOf(option),
    isFileKey(option) || option.key === 'config' ? `\`${environmentName(option)}\`` : '—',
    isCommand ? '—' : valuesOf(option, lang),
    isCommand ? '—' : defaultOf(option),
    option.scope === 'router' ? RELOAD[option.reload][lang] : '—',
    option.doc[lang],
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function flagsOf({ key, alias = [] }: Option): string {
  return [key, ...alias].map((name) => `\`${name.length === 1 ? '-' : '--'}${name}\``).join(', ');
}

/** The values of an option, in words. */
function valuesOf(option: Option, lang: Language): string {
  switch (option.type) {
    case 'choice':
      return option.choices.map((choice) => `\`${choice}\``).join(', ');
    case 'integer':
    case 'duration':
    case 'bytes': {
      const range = option.range.map((end) => formatValue(option, end)).join(' – ');
      const special = option.type === 'integer' ? option.special : undefined;
      const words = option.type === 'integer' ? Object.keys(option.words ?? {}) : [];
      return [...(special === undefined ? [] : [String(special)]), range, ...words].join(', ');
    }
    default:
      return TYPES[option.type][lang];
  }
}

function defaultOf(option: Option): string {
  const value = DEFAULT_CONFIG[configName(option)];
  return value === null ? '' : `\`${formatValue(option, value)}\``;
}
