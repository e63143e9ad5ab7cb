import type { CommandContext } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import type { LocatedDaemon } from '../daemon/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import type { Language } from '../text/index.ts';

export type Outcome = 'ok' | 'warn' | 'fail';

/** Result of a check; `advice` is null if the outcome is `ok`. */
export interface Finding {
  readonly outcome: Outcome;
  readonly text: string;
  readonly advice: string | null;
}

/** Input of the checks. */
export interface DoctorContext {
  /** The configuration of the local daemon if it has saved options, otherwise that of the command line. */
  readonly config: RouterConfig;
  readonly sources: CommandContext['sources'];
  readonly lang: Language;
  readonly env: CommandContext['env'];
  readonly daemon: LocatedDaemon;
  /** Status document of the router; null if none responds. */
  readonly status: RouterStatus | null;
  /** `/proc`; another folder in tests. */
  readonly procFolder: string;
  /** Folders to search for stale PID files. */
  readonly pidFolders: readonly string[];
  readonly now: Date;
}

/** A check. Its name is stable, for scripts. */
export interface Check {
  readonly name: string;
  readonly run: (context: DoctorContext) => readonly Finding[] | Promise<readonly Finding[]>;
}

export function ok(text: string): Finding {
  return { outcome: 'ok', text, advice: null };
}

/** Degraded: works now, but needs attention. */
export function warn(text: string, advice: string): Finding {
  return { outcome: 'warn', text, advice };
}

/** Broken, or would fail at the next start. */
export function fail(text: string, advice: string): Finding {
  return { outcome: 'fail', text, advice };
}
