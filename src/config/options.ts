import { readFileSync } from 'node:fs';
import { packageFile } from '../host/index.ts';
import type { Option } from './option-types.ts';
import { DAEMON_OPTIONS } from './options-daemon.ts';
import { ROUTER_OPTIONS } from './options-router.ts';

/** Version in package.json. */
export const VERSION: string = (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string })
  .version;

/** All options: the single source of flags, environment names, file keys, help, documentation and reload classes. */
export const OPTIONS = [...ROUTER_OPTIONS, ...DAEMON_OPTIONS] as const satisfies readonly Option[];

type AnyOption = (typeof OPTIONS)[number];
export type OptionKey = AnyOption['key'];

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
/** Property name in RouterConfig: camel case, durations with the suffix `Ms`. */
type ConfigName<O extends Option> = O['type'] extends 'duration' ? `${Camel<O['key']>}Ms` : Camel<O['key']>;
type ValueOf<O extends Option> = O['type'] extends 'boolean'
  ? boolean
  : O['type'] extends 'integer' | 'duration' | 'bytes'
    ? number
    : O extends { type: 'choice'; choices: readonly (infer C)[] }
      ? C | Extract<O['default'], null>
      : string | Extract<O['default'], null>;

/** The effective configuration: one value per option, in the unit that its name states. */
export type RouterConfig = { readonly [O in AnyOption as ConfigName<O>]: ValueOf<O> };
export type ConfigKey = keyof RouterConfig;

/** Property name of `option` in RouterConfig. */
export function configName(option: Option): ConfigKey {
  const camel = option.key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return (option.type === 'duration' ? `${camel}Ms` : camel) as ConfigKey;
}

/** Environment variable of `option`. */
export function environmentName(option: Option): string {
  return `ROUTER_${option.key.replaceAll('-', '_').toUpperCase()}`;
}

export const DEFAULT_CONFIG = Object.freeze(
  Object.fromEntries(OPTIONS.map((option) => [configName(option), option.default])),
) as RouterConfig;
