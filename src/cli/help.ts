import {
  configName,
  DEFAULT_CONFIG,
  formatValue,
  OPTION_GROUPS,
  OPTIONS,
  type Option,
  type OptionGroup,
  VERSION,
} from '../config/index.ts';
import type { Language } from '../text/index.ts';
import { cliMessages } from './texts.ts';

const FLAGS_WIDTH = 36;
const TEXT_WIDTH = 76;

/** The text of `--help`, from the options table. */
export function helpText(lang: Language): string {
  const t = cliMessages(lang);
  const sections = (Object.keys(OPTION_GROUPS) as OptionGroup[]).map((group) => {
    const options = (OPTIONS as readonly Option[]).filter((option) => option.group === group && option.hidden !== true);
    return [`${OPTION_GROUPS[group][lang]}:`, ...options.map((option) => optionHelp(option, lang))].join('\n');
  });
  const head = `rpc-dart-router ${VERSION} — ${t('about')}\n\n${t('usage')}\n${t('foreground')}`;
  return `${head}\n\n${sections.join('\n\n')}\n\n${t('sources')}\n`;
}

function optionHelp(option: Option, lang: Language): string {
  const flags = `  ${flagsOf(option)}`;
  const lines = wrap(option.doc[lang] + defaultOf(option), TEXT_WIDTH);
  const indent = ' '.repeat(FLAGS_WIDTH);
  const first =
    flags.length < FLAGS_WIDTH - 1 ? flags.padEnd(FLAGS_WIDTH) + lines[0] : `${flags}\n${indent}${lines[0]}`;
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
