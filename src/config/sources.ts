import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import yargs from 'yargs';
import { nearestName } from './nearest-name.ts';
import type { Option } from './option-types.ts';
import { environmentName, OPTIONS } from './options.ts';

/** One value as somebody wrote it, and where: `--port`, `ROUTER_PORT`, `config.yaml:7`. */
export interface GivenValue {
  readonly option: Option;
  readonly text: string;
  readonly where: string;
}

/** What one source gave, and what is wrong in it. */
export interface Given {
  readonly values: readonly GivenValue[];
  readonly problems: readonly string[];
}

const BY_KEY: ReadonlyMap<string, Option> = new Map(OPTIONS.map((option) => [option.key, option as Option]));
const VISIBLE: readonly Option[] = (OPTIONS as readonly Option[]).filter((option) => option.hidden !== true);

function didYouMean(name: string, known: readonly string[], prefix = ''): string {
  const nearest = nearestName(name, known);
  return nearest === null ? '' : `; did you mean ${prefix}${nearest}?`;
}

/** Values given as flags. All are read as texts first, so that every complaint about them is ours. */
export function readFlags(argv: readonly string[]): Given {
  const values: GivenValue[] = [];
  const problems: string[] = [];
  const parsed = parseFlags(argv);
  for (const [name, raw] of Object.entries(parsed)) {
    if (name === '_' || name === '$0' || raw === undefined) continue;
    const option = BY_KEY.get(name);
    if (option === undefined) {
      problems.push(unknownFlag(name));
      continue;
    }
    const where = `--${name}`;
    if (Array.isArray(raw) && option.type !== 'boolean') problems.push(`${where}: given ${raw.length} times`);
    else if (raw === '') problems.push(`${where}: needs a value`);
    else values.push({ option, text: String(Array.isArray(raw) ? raw.at(-1) : raw), where });
  }
  for (const extra of parsed._) problems.push(`${extra}: unexpected; options start with --`);
  return { values, problems };
}

function unknownFlag(name: string): string {
  const flag = name.length === 1 ? `-${name}` : `--${name}`;
  return `${flag}: unknown option${didYouMean(
    name,
    VISIBLE.map((option) => option.key),
    '--',
  )}`;
}

function parseFlags(argv: readonly string[]): Record<string, unknown> & { _: (string | number)[] } {
  const all: readonly Option[] = OPTIONS;
  return yargs()
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
      'populate--': false,
      'boolean-negation': true,
    })
    .options(
      Object.fromEntries(
        all.map((option) => [
          option.key,
          {
            type: option.type === 'boolean' ? ('boolean' as const) : ('string' as const),
            alias: [...(option.alias ?? [])],
          },
        ]),
      ),
    )
    .parseSync([...argv]) as Record<string, unknown> & { _: (string | number)[] };
}

/** Values given in the environment. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Given {
  const known = new Map((OPTIONS as readonly Option[]).filter(isConfigurable).map((o) => [environmentName(o), o]));
  const values: GivenValue[] = [];
  const problems: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('ROUTER_') || text === undefined) continue;
    const option = known.get(name);
    if (option === undefined) problems.push(`${name}: unknown variable${didYouMean(name, [...known.keys()])}`);
    else values.push({ option, text, where: name });
  }
  return { values, problems };
}

function isConfigurable(option: Option): boolean {
  return option.flagOnly !== true;
}

/** Values given in a file, YAML or JSON (which is YAML too). */
export function readFile(path: string, text: string): Given {
  const values: GivenValue[] = [];
  const problems: string[] = [];
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number | undefined): string => `${path}:${lines.linePos(offset ?? 0).line}`;
  for (const error of document.errors) problems.push(`${at(error.pos[0])}: ${error.message.split('\n')[0]}`);
  if (problems.length > 0 || document.contents === null) return { values, problems };
  if (!isMap(document.contents)) return { values, problems: [`${path}:1: expected "key: value" lines`] };
  const known = (OPTIONS as readonly Option[]).filter((option) => isConfigurable(option) && option.key !== 'config');
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const where = at(isScalar(key) ? key.range?.[0] : undefined);
    const option = known.find((candidate) => candidate.key === name);
    if (option === undefined) {
      problems.push(
        `${where}: unknown key ${name}${didYouMean(
          name,
          known.map((candidate) => candidate.key),
        )}`,
      );
    } else if (value !== null && !isScalar(value)) problems.push(`${where}: ${name} must be a single value`);
    else if (value !== null && value.value !== null) values.push({ option, text: sourceOf(value), where });
  }
  return { values, problems };
}

/** The scalar as it was written, so that `0x10` or `1e3` are not taken for what they look like. */
function sourceOf(scalar: { value: unknown; source?: string | undefined }): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}
