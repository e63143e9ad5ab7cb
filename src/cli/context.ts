import type { OptionKey, RouterConfig } from '../config/index.ts';
import type { Language } from '../text/index.ts';

/** The world as the command line sees it; handed in, so that commands can be tested in-process. */
export interface CommandIo {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Signals that came while the program was loaded; the router handles them, for other commands they count as usual. */
  readonly signals?: PendingSignals;
}

export interface PendingSignals {
  /** Collects again, while the router ends: a late SIGHUP is no reason to end with another exit code. */
  hold(): void;
  /** Stops collecting; returns each signal that came, once. */
  take(): readonly NodeJS.Signals[];
}

/** What a command gets: the world and the configuration that was read from it. */
export interface CommandContext extends CommandIo {
  readonly lang: Language;
  readonly config: RouterConfig;
  /** Where each value that is not a default came from: `--port`, `ROUTER_PORT`, `config.yaml:7`. */
  readonly sources: ReadonlyMap<OptionKey, string>;
}
