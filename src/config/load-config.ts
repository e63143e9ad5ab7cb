import { resolve } from 'node:path';
import type { Text } from '../text/index.ts';
import { checkApi } from './check-api.ts';
import { checkCluster } from './check-cluster.ts';
import { hasLevelConflict, type Origin, type Origins, resolveLogLevel } from './log-level.ts';
import type { Option } from './option-types.ts';
import { configName, DEFAULT_CONFIG, OPTIONS, type OptionKey, type RouterConfig } from './options.ts';
import { expandHome, InvalidValue, parseText } from './parse-value.ts';
import { PROBLEMS } from './problems.ts';
import { readEnvironment, readFile, readFlags, type SourceValue, type SourceValues } from './sources.ts';
import { checkTrustedProxies } from './trusted-proxies.ts';

export interface ConfigInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a text file; throws the error of `node:fs`. */
  readonly readFile: (path: string) => string;
}

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: RouterConfig;
      /** Source of each non-default value: `--port`, `ROUTER_PORT`, `config.yaml:7`. */
      readonly sources: ReadonlyMap<OptionKey, string>;
    }
  | { readonly ok: false; readonly problems: readonly Text[]; readonly lang: string | null };

/**
 * Loads the effective configuration. Precedence: flags, environment, file, defaults. Pure except for `readFile`; reports
 * all problems at once.
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const problems: Text[] = [];
  const kept = readFlags(readOptionsFile(input, problems));
  const flags = readFlags(input.argv);
  const base = lastText([kept, flags], 'base-folder');
  const above = [readEnvironment(input.env), kept, flags].map((source) => resolvePaths(source, base));
  const given = [resolvePaths(readConfigFile(input, above, problems), base), ...above];
  const values: Record<string, unknown> = { ...DEFAULT_CONFIG };
  const origins = new Map<OptionKey, Origin>();
  given.forEach((source, rank) => {
    problems.push(...sortByLine([...source.problems, ...applyValues(source, rank, values, origins)]));
  });
  const config = values as RouterConfig;
  problems.push(...checkCombinations(config, origins));
  if (problems.length > 0) return { ok: false, problems, lang: config.lang };
  const settled = Object.freeze(resolveLogLevel(config, origins));
  return { ok: true, config: settled, sources: new Map([...origins].map(([key, { where }]) => [key, where])) };
}

function applyValues(
  given: SourceValues,
  rank: number,
  values: Record<string, unknown>,
  origins: Map<OptionKey, Origin>,
): Text[] {
  const problems: Text[] = [];
  for (const { option, text, where } of given.values) {
    try {
      values[configName(option)] = parseText(option, text);
      origins.set(option.key as OptionKey, { where, rank });
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      problems.push(PROBLEMS.invalidValue(where, error.text));
    }
  }
  return problems;
}

/** Resolves relative paths against `base`: a daemon runs in another folder than the command that started it. */
function resolvePaths({ values, problems }: SourceValues, base: string | null): SourceValues {
  if (base === null) return { values, problems };
  const absolute = ({ option, text, where }: SourceValue): SourceValue => {
    const isPath = option.type === 'path' && text !== '' && text !== '-';
    return { option, text: isPath ? resolve(base, expandHome(text)) : text, where };
  };
  return { values: values.map(absolute), problems };
}

function lastText(sources: readonly SourceValues[], key: OptionKey): string | null {
  return sources.flatMap(({ values }) => values.filter(({ option }) => option.key === key)).at(-1)?.text ?? null;
}

/** Sorts the problems of a file by line number. */
function sortByLine(problems: readonly Text[]): readonly Text[] {
  const line = ({ en }: Text): number => Number(/:(\d+): /.exec(en)?.[1] ?? 0);
  return problems.toSorted((a, b) => line(a) - line(b));
}

/** Saved arguments of a daemon; the command line overrides them. */
function readOptionsFile(input: ConfigInput, problems: Text[]): string[] {
  const path = flagValue(input.argv, 'options-file');
  if (path === null) return [];
  try {
    const parsed: unknown = JSON.parse(input.readFile(path));
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed;
    problems.push(PROBLEMS.notArguments(path));
  } catch (error) {
    if (error instanceof SyntaxError) problems.push(PROBLEMS.notArguments(path));
    else if ((error as NodeJS.ErrnoException).code === 'ENOENT') problems.push(PROBLEMS.optionsGone(path));
    else problems.push(PROBLEMS.unreadable(path, error));
  }
  return [];
}

function readConfigFile(input: ConfigInput, above: readonly SourceValues[], problems: Text[]): SourceValues {
  const path = lastText(above, 'config');
  if (path === null) return { values: [], problems: [] };
  try {
    return readFile(path, input.readFile(expandHome(path)));
  } catch (error) {
    problems.push(PROBLEMS.unreadable(path, error));
    return { values: [], problems: [] };
  }
}

function flagValue(argv: readonly string[], key: string): string | null {
  const index = argv.findIndex((argument) => argument === `--${key}` || argument.startsWith(`--${key}=`));
  if (index < 0) return null;
  const argument = argv[index] as string;
  return argument.includes('=') ? argument.slice(argument.indexOf('=') + 1) : (argv[index + 1] ?? null);
}

function checkCombinations(config: RouterConfig, origins: Origins): Text[] {
  const problems: Text[] = [];
  const where = (key: OptionKey): string => describeSource(key, origins.get(key)?.where);
  const needs = (key: OptionKey, ...flags: string[]): void => {
    problems.push(PROBLEMS.needsAlso(where(key), flags));
  };
  if (config.tlsCert !== null && config.tlsKey === null) needs('tls-cert', '--tls-key');
  if (config.tlsKey !== null && config.tlsCert === null) needs('tls-key', '--tls-cert');
  if (config.tlsClientCa !== null && config.tlsCert === null) needs('tls-client-ca', '--tls-cert', '--tls-key');
  if (config.authScope === 'call' && config.authTokensFile === null && config.accessFile === null) {
    needs('auth-scope', '--auth-tokens-file', '--access-file');
  }
  if (config.rolling && !config.daemonRestart) needs('rolling', '--daemon-restart');
  if (config.trustedProxies !== null && !config.proxyProtocol) needs('trusted-proxies', '--proxy-protocol');
  problems.push(...checkTrustedProxies(config.trustedProxies, where('trusted-proxies')));
  problems.push(...checkCluster(config, where));
  if (config.cluster === null) for (const key of clusterDetails(config, origins)) needs(key, '--cluster');
  problems.push(...checkApi(config, where));
  if (config.workers !== 1 && !config.nodeInternals) problems.push(PROBLEMS.workersNeedInternals(where('workers')));
  if (hasLevelConflict(config, origins)) problems.push(PROBLEMS.contradicts(where('verbose'), '--quiet'));
  const samePort = config.metrics && config.port === config.metricsPort && config.port !== 0;
  if (samePort && (config.host === config.metricsHost || config.host === '0.0.0.0' || config.host === '::')) {
    problems.push(PROBLEMS.samePort(where('metrics-port'), config.port));
  }
  return problems;
}

/** Options of a cluster that were given, and differ from their defaults. */
function clusterDetails(config: RouterConfig, origins: Origins): OptionKey[] {
  const isChanged = (option: Option): boolean => config[configName(option)] !== DEFAULT_CONFIG[configName(option)];
  const given = OPTIONS.filter((option) => option.key.startsWith('cluster-') && origins.has(option.key));
  return given.filter(isChanged).map(({ key }) => key);
}

/** Prefix of a problem: `--port:` for a flag, `router.yaml:7: --port` for any other source. */
function describeSource(key: OptionKey, source: string | undefined): string {
  return source === undefined || source.startsWith('--') ? `--${key}:` : `${source}: --${key}`;
}
