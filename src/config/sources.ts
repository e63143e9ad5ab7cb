import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { Parser } from 'yargs/helpers';
import type { Text } from '../text/index.ts';
import { nearestName } from './nearest-name.ts';
import type { Option } from './option-types.ts';
import { environmentName, OPTIONS } from './options.ts';
import { InvalidValue, parseText } from './parse-value.ts';
import { PROBLEMS } from './problems.ts';
import { isServiceLink } from './service-links.ts';

/** An unparsed value and its source: `--port`, `ROUTER_PORT`, `config.yaml:7`. */
export interface SourceValue {
  readonly option: Option;
  readonly text: string;
  readonly where: string;
}

/** Values and problems of one source. */
export interface SourceValues {
  readonly values: readonly SourceValue[];
  readonly problems: readonly Text[];
}

const BY_KEY: ReadonlyMap<string, Option> = new Map(OPTIONS.map((option) => [option.key, option as Option]));
const ALL_OPTIONS: readonly Option[] = OPTIONS;
const KNOWN_FLAGS: readonly string[] = ALL_OPTIONS.filter((option) => option.hidden !== true).flatMap((option) =>
  option.type === 'boolean' && option.scope !== 'command' ? [option.key, `no-${option.key}`] : [option.key],
);

/** Values of the flags. All are parsed as strings, so that this module reports every error. */
export function readFlags(argv: readonly string[]): SourceValues {
  const values: SourceValue[] = [];
  const problems: Text[] = [];
  const parsed = parseFlags(normalizeBooleans(argv, problems));
  for (const [name, raw] of Object.entries(parsed)) {
    if (name === '_' || name === '$0' || raw === undefined) continue;
    const option = BY_KEY.get(name);
    if (option === undefined || (raw === false && option.type !== 'boolean')) {
      problems.push(unknownFlag(raw === false ? `no-${name}` : name));
      continue;
    }
    const where = `--${name}`;
    if (Array.isArray(raw) && option.type !== 'boolean') problems.push(PROBLEMS.givenTwice(where, raw.length));
    else if (raw === '') problems.push(PROBLEMS.needsValue(where));
    else values.push({ option, text: String(Array.isArray(raw) ? raw.at(-1) : raw), where });
  }
  const extras = parsed._.map(String);
  const payload = takesPayload(parsed) ? extras.shift() : undefined;
  const option = BY_KEY.get('payload');
  if (payload !== undefined && option !== undefined) values.push({ option, text: payload, where: '--payload' });
  for (const extra of extras) problems.push(PROBLEMS.unexpected(extra));
  return { values, problems };
}

/** Whether an argument without a flag is the payload of `--send` or `--request`. */
function takesPayload(parsed: Readonly<Record<string, unknown>>): boolean {
  return parsed.payload === undefined && (parsed.send !== undefined || parsed.request !== undefined);
}

/** Normalizes `--stats=yes` and reports invalid values: yargs-parser reads every value except `true` as false. */
function normalizeBooleans(argv: readonly string[], problems: Text[]): string[] {
  return argv.flatMap((argument) => {
    const match = /^--?([\w-]+)=(.*)$/s.exec(argument);
    const option = ALL_OPTIONS.find(({ key, alias }) => key === match?.[1] || alias?.includes(match?.[1] ?? ''));
    if (match === null || option?.type !== 'boolean') return [argument];
    try {
      return [`--${option.key}=${parseText(option, match[2] ?? '')}`];
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      problems.push(PROBLEMS.invalidValue(`--${option.key}`, error.text));
      return [];
    }
  });
}

function unknownFlag(name: string): Text {
  const nearest = nearestName(name, KNOWN_FLAGS);
  return PROBLEMS.unknownFlag(name.length === 1 ? `-${name}` : `--${name}`, nearest === null ? null : `--${nearest}`);
}

const PARSER_OPTIONS = {
  alias: Object.fromEntries(ALL_OPTIONS.map((option) => [option.key, [...(option.alias ?? [])]])),
  boolean: ALL_OPTIONS.filter((option) => option.type === 'boolean').map((option) => option.key),
  string: ALL_OPTIONS.filter((option) => option.type !== 'boolean').map((option) => option.key),
  configuration: {
    'camel-case-expansion': false,
    'dot-notation': false,
    'parse-numbers': false,
    'parse-positional-numbers': false,
    'strip-aliased': true,
    'boolean-negation': true,
  },
};

/** Uses only the parser of yargs: its validation has its own messages and fails on names such as --constructor. */
function parseFlags(argv: readonly string[]): Readonly<Record<string, unknown>> & { readonly _: (string | number)[] } {
  return Parser([...argv], PARSER_OPTIONS);
}

/** Values of the environment. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): SourceValues {
  const known = new Map(ALL_OPTIONS.filter(isConfigurable).map((o) => [environmentName(o), o]));
  const values: SourceValue[] = [];
  const problems: Text[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('ROUTER_') || text === undefined || isServiceLink(name, text)) continue;
    const option = known.get(name);
    if (option === undefined) problems.push(PROBLEMS.unknownVariable(name, nearestName(name, [...known.keys()])));
    else values.push({ option, text, where: name });
  }
  return { values, problems };
}

function isConfigurable(option: Option): boolean {
  return option.flagOnly !== true;
}

/** True for options allowed in a configuration file: all except the commands and `config`. */
export function isFileKey(option: Option): boolean {
  return isConfigurable(option) && option.key !== 'config';
}

const FILE_OPTIONS: ReadonlyMap<string, Option> = new Map(
  ALL_OPTIONS.filter(isFileKey).map((option) => [option.key, option]),
);

/** A configuration has a few kilobytes; a larger file is a mistake. */
const MAX_FILE_CHARS = 256 * 1024;
/** Stop checking a file after this many problems. */
const MAX_PROBLEMS = 50;

/** Values of a configuration file: YAML, or JSON as a subset of YAML. */
export function readFile(path: string, text: string): SourceValues {
  const values: SourceValue[] = [];
  if (text.length > MAX_FILE_CHARS) return { values, problems: [PROBLEMS.tooLarge(path, MAX_FILE_CHARS / 1024)] };
  if (/[\0\ufffd]/.test(text)) return { values, problems: [PROBLEMS.notText(path)] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const at = (offset: number | undefined): string => `${path}:${lines.linePos(offset ?? 0).line}`;
  const problems = document.errors.map(({ pos, code, message }) =>
    code === 'MULTIPLE_DOCS'
      ? PROBLEMS.secondDocument(at(pos[0]))
      : PROBLEMS.syntax(at(pos[0]), firstSentence(message)),
  );
  if (problems.length > 0) return { values, problems };
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    return { values, problems: [PROBLEMS.noOption(path)] };
  }
  if (!isMap(contents)) return { values, problems: [PROBLEMS.notAMap(`${path}:1`)] };
  const seen = new Set<string>();
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const where = at(isScalar(key) ? key.range?.[0] : undefined);
    const option = FILE_OPTIONS.get(name);
    if (option === undefined) problems.push(unknownKey(where, name));
    else if (seen.has(name)) problems.push(PROBLEMS.keyTwice(where, name));
    else if (value !== null && !isScalar(value)) problems.push(PROBLEMS.notSingle(where, name));
    else if (value !== null && value.value !== null) values.push({ option, text: sourceOf(value), where });
    seen.add(name);
    if (problems.length < MAX_PROBLEMS) continue;
    problems.push(PROBLEMS.tooMany(where));
    break;
  }
  return { values, problems };
}

function unknownKey(where: string, name: string): Text {
  if (BY_KEY.has(name)) return PROBLEMS.onlyAFlag(where, name);
  return PROBLEMS.unknownKey(where, name, nearestName(name, [...FILE_OPTIONS.keys()]));
}

/** Strips the position and the source excerpt that the YAML library appends. */
function firstSentence(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}

/** The scalar as written, so that `0x10` or `1e3` are not converted to numbers. */
function sourceOf(scalar: { value: unknown; source?: string | undefined }): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}
