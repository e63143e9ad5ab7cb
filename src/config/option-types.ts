import type { Text } from '../text/index.ts';

/** Durations in milliseconds, sizes in bytes. */
export const SECOND = 1000;
export const DAY = 86_400_000;
export const KIB = 1024;
export const MIB = 1024 * 1024;

/** When a reload applies a changed option: at once, to new connections only, or not before a restart. */
export type ReloadClass = 'live' | 'newConnections' | 'restart';

/** The consumer of an option: the router process, the daemon commands, or it is a command itself. */
export type OptionScope = 'router' | 'daemon' | 'command';

/** Option groups, in the order of help, documentation and the sample file. */
export const OPTION_GROUPS = {
  network: { en: 'Network', ru: 'Сеть' },
  limits: { en: 'Limits', ru: 'Ограничения' },
  security: { en: 'Security', ru: 'Безопасность' },
  cluster: { en: 'Cluster', ru: 'Кластер' },
  logging: { en: 'Logging', ru: 'Логирование' },
  monitoring: { en: 'Monitoring', ru: 'Мониторинг' },
  api: { en: 'HTTP API', ru: 'HTTP API' },
  process: { en: 'Process', ru: 'Процесс' },
  daemon: { en: 'Daemon', ru: 'Daemon' },
  control: { en: 'Clients of a running router', ru: 'Клиенты работающего роутера' },
  commands: { en: 'Other commands', ru: 'Другие команды' },
} as const satisfies Record<string, Text>;
export type OptionGroup = keyof typeof OPTION_GROUPS;

interface OptionBase {
  /** Base of all names: `--max-groups`, `ROUTER_MAX_GROUPS`, `max-groups:` in the file. */
  readonly key: string;
  readonly alias?: readonly string[];
  readonly group: OptionGroup;
  readonly scope: OptionScope;
  readonly reload: ReloadClass;
  /** Not shown in help, documentation and the sample file. */
  readonly hidden?: boolean;
  /** Command line only: not accepted in the environment or a file. */
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
  /** A value outside the range with a special meaning, such as port 0. */
  readonly special?: number;
  /** Words that stand for a value, such as `auto` for 0. */
  readonly words?: Readonly<Record<string, number>>;
}
/** Stored in milliseconds, written as `10s` or `500ms`. */
export interface DurationOption extends OptionBase {
  readonly type: 'duration';
  readonly default: number;
  readonly range: readonly [number, number];
}
/** Stored in bytes, written as `4MiB` or `10M`. */
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
  /** Former spellings of choices: accepted, but not documented. */
  readonly formerChoices?: Readonly<Record<string, string>>;
}

export type Option = BooleanOption | IntegerOption | DurationOption | BytesOption | TextOption | ChoiceOption;
