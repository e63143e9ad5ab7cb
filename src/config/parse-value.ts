import { homedir } from 'node:os';
import { join } from 'node:path';
import { bothLanguages, type Text } from '../text/index.ts';
import { parseHost } from './host.ts';
import type { ChoiceOption, IntegerOption, Option } from './option-types.ts';

/** A value outside the domain of its option; the text states the expected form. */
export class InvalidValue extends Error {
  readonly text: Text;

  constructor(text: Text) {
    super(text.en);
    this.text = text;
  }
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
};

/** Parses `text` as a value of `option`. Throws InvalidValue. */
export function parseText(option: Option, text: string): boolean | number | string {
  switch (option.type) {
    case 'boolean':
      return parseBoolean(option, text);
    case 'integer':
      return parseInteger(option, text);
    case 'duration':
      return checkRange(option, parseDuration(text), text);
    case 'bytes':
      return checkRange(option, parseBytes(text), text);
    case 'choice':
      return parseChoice(option, text);
    case 'host': {
      const host = parseHost(text);
      if (host === null)
        throw invalid(option, { en: 'one IP address or host name', ru: 'один IP-адрес или имя хоста' }, text);
      return host;
    }
    case 'path':
      if (text === '') throw invalid(option, { en: 'a path', ru: 'путь' }, text);
      return expandHome(text);
    default:
      if (text === '') throw invalid(option, { en: 'a text', ru: 'текст' }, text);
      return text;
  }
}

/** Expands a leading `~/`, because shells do not expand it after `=` or in a file. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

function parseChoice(option: ChoiceOption, text: string): string {
  const { choices, formerChoices = {} } = option;
  const choice = Object.hasOwn(formerChoices, text) ? (formerChoices[text] ?? text) : text;
  if (!choices.includes(choice)) throw invalid(option, oneOf(choices), text);
  return choice;
}

function parseInteger(option: IntegerOption, text: string): number {
  const { words = {}, range } = option;
  const word = Object.hasOwn(words, text) ? words[text] : undefined;
  if (word !== undefined) return word;
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  const names = Object.keys(words);
  if (names.length === 0 || (value >= range[0] && value <= range[1])) return checkRange(option, value, text);
  const expected = `${range[0]}..${range[1]}`;
  const alternatives = names.join(', ');
  throw invalid(option, { en: `${expected} or ${alternatives}`, ru: `${expected} или ${alternatives}` }, text);
}

function parseBoolean(option: Option, text: string): boolean {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  throw invalid(option, { en: 'true or false', ru: 'true или false' }, text);
}

function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  return match === null ? Number.NaN : Math.round(Number(match[1]) * (DURATION_UNITS[match[2] ?? 's'] as number));
}

function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg])?(?:i?b)?$/i.exec(text);
  return match === null
    ? Number.NaN
    : Math.round(Number(match[1]) * (BYTE_UNITS[(match[2] ?? '').toLowerCase()] as number));
}

function checkRange(option: Option, value: number, text: string): number {
  if (!('range' in option)) return value;
  const [least, most] = option.range;
  const isSpecial = option.type === 'integer' && option.special !== undefined && value === option.special;
  if (isSpecial || (value >= least && value <= most)) return value;
  throw invalid(option, bothLanguages(`${formatValue(option, least)}..${formatValue(option, most)}`), text);
}

function oneOf(choices: readonly string[]): Text {
  return { en: `one of ${choices.join(', ')}`, ru: `одно из: ${choices.join(', ')}` };
}

function invalid({ key }: Option, expected: Text, got: string): InvalidValue {
  return new InvalidValue({
    en: `${key} must be ${expected.en}, got ${got === '' ? 'nothing' : got}`,
    ru: `${key}: нужно ${expected.ru}, указано ${got === '' ? 'пустое значение' : got}`,
  });
}

/** Formats a value in its written form: the inverse of `parseText`. */
export function formatValue(option: Option, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'number') return String(value);
  if (option.type === 'integer') return wordOf(option, value) ?? String(value);
  if (option.type === 'duration') return formatDuration(value);
  if (option.type === 'bytes') return formatBytes(value);
  return String(value);
}

function wordOf({ words = {} }: IntegerOption, value: number): string | undefined {
  return Object.keys(words).find((word) => words[word] === value);
}

function formatDuration(ms: number): string {
  if (ms !== 0 && ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function formatBytes(bytes: number): string {
  if (bytes !== 0 && bytes % 1024 ** 3 === 0) return `${bytes / 1024 ** 3}GiB`;
  if (bytes !== 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}MiB`;
  return bytes !== 0 && bytes % 1024 === 0 ? `${bytes / 1024}KiB` : String(bytes);
}
