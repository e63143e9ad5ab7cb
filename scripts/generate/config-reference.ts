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
  en: `Each option has one name and three places. In order of weight:

1. a flag: \`--max-connections 5000\` or \`--max-connections=5000\`; switches also as \`--no-metrics\`,
2. the environment: \`ROUTER_MAX_CONNECTIONS=5000\`,
3. a file, YAML or JSON: \`--config router.yaml\` with the line \`max-connections: 5000\`,
4. the default.

Times are written with a unit (\`500ms\`, \`10s\`, \`5m\`, \`1h\`; without one: seconds), sizes likewise (\`4MiB\`, \`10M\`, \`512k\`; without one:
bytes; units are powers of 1024). Everything that is wrong is told at once, with file and line, and ends with exit code 2:

\`\`\`text
router.yaml:7: port must be 1..65535, got 99999
router.yaml:9: unknown key max-conections; did you mean max-connections?
\`\`\`

\`rpc-dart-router --check-config --config router.yaml\` checks without starting, and prints the effective configuration with the place
that each value came from; what it prints can be used as a file. A commented file with all keys is
[config/config.example.yaml](../config/config.example.yaml), a schema for editors
[config/config.schema.json](../config/config.schema.json).

The column **Reload** says what happens to a changed value on SIGHUP (\`--daemon-reload\`, \`systemctl reload\`): *live*: at once, for
everybody; *new connections*: for those who connect from then on; *restart*: the reload is refused as a whole, and names the option.
Clients stay connected over a reload.`,
  ru: `У каждой опции одно имя и три места. По убыванию важности:

1. флаг: \`--max-connections 5000\` или \`--max-connections=5000\`; переключатели также \`--no-metrics\`,
2. окружение: \`ROUTER_MAX_CONNECTIONS=5000\`,
3. файл, YAML или JSON: \`--config router.yaml\` со строкой \`max-connections: 5000\`,
4. значение по умолчанию.

Время пишется с единицей (\`500ms\`, \`10s\`, \`5m\`, \`1h\`; без неё — секунды), размеры тоже (\`4MiB\`, \`10M\`, \`512k\`; без неё — байты; единицы —
степени 1024). Обо всех ошибках сообщается сразу, с файлом и строкой, код выхода 2:

\`\`\`text
router.yaml:7: port: нужно 1..65535, указано 99999
router.yaml:9: неизвестный ключ max-conections; возможно, имелось в виду max-connections?
\`\`\`

\`rpc-dart-router --check-config --config router.yaml\` проверяет без запуска и печатает действующую конфигурацию с источником каждого
значения; напечатанное можно использовать как файл. Файл с комментариями и всеми ключами —
[config/config.example.ru.yaml](../../config/config.example.ru.yaml), схема для редакторов —
[config/config.schema.json](../../config/config.schema.json).

Столбец **Reload** говорит, что будет с изменённым значением при SIGHUP (\`--daemon-reload\`, \`systemctl reload\`): *сразу* — для всех;
*новые соединения* — для тех, кто подключится потом; *перезапуск* — перезагрузка отклоняется целиком и называет опцию. Клиенты при
перезагрузке остаются подключёнными.`,
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

/** docs/configuration.md: every option that is no secret of ours, by group. */
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

/** What the option takes, in words. */
function valuesOf(option: Option, lang: Language): string {
  switch (option.type) {
    case 'choice':
      return option.choices.map((choice) => `\`${choice}\``).join(', ');
    case 'integer':
    case 'duration':
    case 'bytes': {
      const range = option.range.map((end) => formatValue(option, end)).join(' – ');
      const special = option.type === 'integer' ? option.special : undefined;
      return special === undefined ? range : `${special}, ${range}`;
    }
    default:
      return TYPES[option.type][lang];
  }
}

function defaultOf(option: Option): string {
  const value = DEFAULT_CONFIG[configName(option)];
  return value === null ? '' : `\`${formatValue(option, value)}\``;
}
