import type { Text } from '../text/index.ts';

/** What happens to a changed option when the configuration is reloaded. */
export type ReloadClass = 'live' | 'newConnections' | 'restart';

/** Whose option it is: of the router's process, of the daemon commands, or a command itself. */
export type OptionScope = 'router' | 'daemon' | 'command';

export type OptionGroup =
  | 'network'
  | 'limits'
  | 'security'
  | 'logging'
  | 'monitoring'
  | 'process'
  | 'daemon'
  | 'commands';

interface OptionBase {
  /** The stem of all its names: `--max-groups`, `ROUTER_MAX_GROUPS`, `max-groups:` in the file. */
  readonly key: string;
  readonly alias?: readonly string[];
  readonly group: OptionGroup;
  readonly scope: OptionScope;
  readonly reload: ReloadClass;
  /** Left out of help and documentation. */
  readonly hidden?: boolean;
  /** Only on the command line: neither in the environment nor in a file. */
  readonly flagOnly?: boolean;
  readonly doc: Text;
}

export interface BooleanOption extends OptionBase {
  readonly type: 'boolean';
  readonly default: boolean;
}
export interface IntegerOption extends OptionBase {
  readonly type: 'integer';
  readonly default: number;
  readonly range: readonly [number, number];
  /** A value outside of the range that has a meaning of its own. */
  readonly special?: number;
}
/** Milliseconds inside, `10s` or `500ms` outside. */
export interface DurationOption extends OptionBase {
  readonly type: 'duration';
  readonly default: number;
  readonly range: readonly [number, number];
}
/** Bytes inside, `4MiB` or `10M` outside. */
export interface BytesOption extends OptionBase {
  readonly type: 'bytes';
  readonly default: number;
  readonly range: readonly [number, number];
}
export interface TextOption extends OptionBase {
  readonly type: 'text' | 'path' | 'host';
  readonly default: string | null;
}
export interface ChoiceOption extends OptionBase {
  readonly type: 'choice';
  readonly default: string | null;
  readonly choices: readonly string[];
}

export type Option = BooleanOption | IntegerOption | DurationOption | BytesOption | TextOption | ChoiceOption;
