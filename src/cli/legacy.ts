import { OPTIONS, type Option } from '../config/index.ts';
import type { Text } from '../text/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LegacyInput {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** One line for each deprecated or ignored option. */
  readonly warnings: readonly Text[];
}

/** Flags of the Dart router that were renamed. */
const RENAMED: Readonly<Record<string, string>> = {
  '--stop': '--daemon-stop',
  '--status': '--daemon-status',
  '--reload': '--daemon-reload',
  '--cert-file': '--tls-cert',
  '--key-file': '--tls-key',
};
const RENAMED_VARIABLES: Readonly<Record<string, string>> = {
  ROUTER_ENABLE_STATS: 'ROUTER_STATS',
  ROUTER_ENABLE_METRICS: 'ROUTER_METRICS',
};
/** Short flags with a value, which may be attached: `-lerror`. */
const SHORT_WITH_VALUE: ReadonlySet<string> = new Set(
  (OPTIONS as readonly Option[])
    .filter(({ type }) => type !== 'boolean')
    .flatMap(({ alias }) => (alias ?? []).filter((name) => name.length === 1)),
);

/** Translates flags and environment variables of the Dart router. */
export function translateLegacy(argv: readonly string[], env: Environment): LegacyInput {
  const warnings: Text[] = [];
  const translated: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (argument === '--') {
      translated.push(...argv.slice(index));
      break;
    }
    const ignored = countIgnored(argument, argv[index + 1]);
    if (ignored === 0) translated.push(...translateFlag(argument));
    else {
      warnings.push(ignoredWarning(argv.slice(index, index + ignored).join(' ')));
      index += ignored - 1;
    }
  }
  return { argv: translated, env: translateVariables(env, warnings), warnings };
}

/** Number of arguments to ignore, starting with `argument`. */
function countIgnored(argument: string, next: string | undefined): number {
  const [name, value] = argument.split('=', 2);
  if (name === '--tls' || name === '--no-tls') return 1;
  if (name === '--worker-threads') return value === undefined ? withValue(next) : 1;
  if (argument === '-thttp2') return 1;
  if (name !== '-t') return 0;
  if (value !== undefined) return value === 'http2' ? 1 : 0;
  return next === 'http2' ? 2 : 0;
}

function withValue(next: string | undefined): number {
  return next === undefined || next.startsWith('-') ? 1 : 2;
}

function translateFlag(argument: string): string[] {
  const [, name = '', rest = ''] = /^(--[\w-]+)(=.*)?$/s.exec(argument) ?? [];
  const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
  if (renamed !== undefined) return [`${renamed}${rest}`];
  const [, short = '', value = ''] = /^-(\w)([^=-].*)$/s.exec(argument) ?? [];
  return SHORT_WITH_VALUE.has(short) ? [`-${short}`, value] : [argument];
}

function translateVariables(env: Environment, warnings: Text[]): Environment {
  const translated: Record<string, string | undefined> = { ...env };
  for (const [old, name] of Object.entries(RENAMED_VARIABLES)) {
    if (env[old] === undefined) continue;
    delete translated[old];
    translated[name] ??= env[old];
    warnings.push({ en: `${old}: now ${name}`, ru: `${old}: теперь ${name}` });
  }
  return translated;
}

function ignoredWarning(flag: string): Text {
  return {
    en: `${flag}: ignored; this option of the Dart router has no effect`,
    ru: `${flag}: пропущено; эта опция роутера на Dart здесь не действует`,
  };
}
