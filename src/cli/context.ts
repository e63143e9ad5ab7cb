import type { OptionKey, RouterConfig } from '../config/index.ts';
import type { Language } from '../text/index.ts';

/** Arguments, environment and streams of a command; injected, so that tests run commands in-process. */
export interface CommandIo {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Signals received while the program was loading. The router handles them; other commands raise them again. */
  readonly signals?: PendingSignals;
  /** Time between SIGTERM and SIGKILL of `--daemon-stop`, for tests; by default ten seconds or the shutdown timeout. */
  readonly killAfterMs?: number;
}

export interface PendingSignals {
  /** Collects again during shutdown, so that a late SIGHUP does not change the exit code. */
  hold(): void;
  /** Stops collecting and returns the signals received, without duplicates. */
  take(): readonly NodeJS.Signals[];
}

/** Input of a command: the I/O and the loaded configuration. */
export interface CommandContext extends CommandIo {
  readonly lang: Language;
  readonly config: RouterConfig;
  /** Source of each non-default value: `--port`, `ROUTER_PORT`, `config.yaml:7`. */
  readonly sources: ReadonlyMap<OptionKey, string>;
}
