// not by the index of the folder: help must not load the readers of a configuration
import { OPTION_GROUPS, type Option, type OptionGroup } from '../config/option-types.ts';
import { configName, DEFAULT_CONFIG, OPTIONS, VERSION } from '../config/options.ts';
import { formatValue } from '../config/parse-value.ts';
import { defineMessages, type Language } from '../text/index.ts';

/** Messages of the command line itself; each command has its own catalogue. */
export const cliMessages = defineMessages({
  seeHelp: { en: 'See rpc-dart-router --help', ru: 'Справка: rpc-dart-router --help' },
  oneCommand: { en: '{commands}: give one command at a time', ru: '{commands}: укажите одну команду' },
  about: {
    en: 'Message router for rpc_dart clients',
    ru: 'Роутер сообщений для клиентов rpc_dart',
  },
  usage: { en: 'Usage: rpc-dart-router [options]', ru: 'Использование: rpc-dart-router [опции]' },
  foreground: {
    en: 'Without a command the router runs in the foreground. Defaults are in [brackets].',
    ru: 'Без команды роутер работает на переднем плане. [В скобках] — значения по умолчанию.',
  },
  sources: {
    en: 'Options can also be set in the environment (ROUTER_MAX_GROUPS for --max-groups) or in the --config file. Flags take precedence over the environment, the environment over the file.',
    ru: 'Опции можно задать и в окружении (ROUTER_MAX_GROUPS для --max-groups) или в файле --config. Флаги имеют приоритет над окружением, окружение — над файлом.',
  },
  byDefault: { en: 'default', ru: 'по умолчанию' },
  configOk: { en: 'Configuration is valid', ru: 'Конфигурация верна' },
});

const COLUMNS = 80;
const FLAGS_WIDTH = 34;
const TEXT_WIDTH = COLUMNS - FLAGS_WIDTH;

/** The `--help` text, generated from the option table for a terminal of 80 columns. */
export function helpText(lang: Language): string {
  const t = cliMessages(lang);
  const sections = (Object.keys(OPTION_GROUPS) as OptionGroup[]).map((group) => {
    const options = (OPTIONS as readonly Option[]).filter((option) => option.group === group && option.hidden !== true);
    return [`${OPTION_GROUPS[group][lang]}:`, ...options.map((option) => optionHelp(option, lang))].join('\n');
  });
  const head = [`rpc-dart-router ${VERSION} — ${t('about')}`, '', t('usage'), ...wrap(t('foreground'), COLUMNS)];
  const footer = wrap(t('sources'), COLUMNS);
  return `${head.join('\n')}\n\n${sections.join('\n\n')}\n\n${footer.join('\n')}\n`;
}

function optionHelp(option: Option, lang: Language): string {
  const flags = `  ${flagsOf(option)}`;
  const lines = wrap(option.doc[lang] + defaultOf(option), TEXT_WIDTH);
  const indent = ' '.repeat(FLAGS_WIDTH);
  const first =
    flags.length <= FLAGS_WIDTH - 2 ? flags.padEnd(FLAGS_WIDTH) + lines[0] : `${flags}\n${indent}${lines[0]}`;
  return [first, ...lines.slice(1).map((line) => indent + line)].join('\n');
}

function flagsOf(option: Option): string {
  const short = option.alias?.filter((alias) => alias.length === 1).map((alias) => `-${alias}, `) ?? [];
  const long = [option.key, ...(option.alias ?? []).filter((alias) => alias.length > 1)].map((name) => `--${name}`);
  const flags = `${short.join('').padStart(4)}${long.join(', ')}`;
  return option.type === 'boolean' ? flags : `${flags} ${placeholder(option)}`;
}

function placeholder(option: Option): string {
  if (option.type === 'choice') return option.choices.join('|');
  return { integer: 'N', duration: 'TIME', bytes: 'SIZE', text: 'TEXT', path: 'FILE', host: 'HOST', boolean: '' }[
    option.type
  ];
}

function defaultOf(option: Option): string {
  const value = DEFAULT_CONFIG[configName(option)];
  return value === null || value === false ? '' : ` [${formatValue(option, value)}]`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
