import type { ApiTokens } from '../access/index.ts';
import type { Operator, RouterCore } from '../router/index.ts';
import type { ApiCounters } from '../telemetry/index.ts';
import type { Encodable } from '../wire/index.ts';

/** Inputs of the HTTP API. */
export interface ApiDependencies {
  readonly core: RouterCore;
  readonly operator: Operator;
  readonly counters: ApiCounters;
  readonly log: {
    info(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
    /** Logs the first occurrence of `cause`, then counts. */
    warnOnce(cause: string, message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
    error(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
  };
  /** Null when no tokens are required, which is allowed on loopback only. */
  readonly tokens: () => ApiTokens | null;
  /** The document of `GET /status`. */
  readonly status: () => Encodable;
  /** The options in force with their sources, without secrets. */
  readonly config: () => Encodable;
  /** Starts a graceful shutdown. */
  readonly drain: () => void;
  /** Origins of web pages that may call the API; empty for none. */
  readonly origins: readonly string[];
  /** Whether the `Host` header must name the loopback interface, which prevents DNS rebinding. */
  readonly onlyLoopbackNames: boolean;
  readonly version: string;
}
