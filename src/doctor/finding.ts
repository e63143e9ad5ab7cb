import type { CommandContext } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import type { LocatedDaemon } from '../daemon/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import type { Language } from '../text/index.ts';

export type Outcome = 'ok' | 'warn' | 'fail';

/** What one look found; `advice` says what to do, unless all is well. */
export interface Finding {
  readonly outcome: Outcome;
  readonly text: string;
  readonly advice: string | null;
}

/** What the checks look at. */
export interface DoctorContext {
  /** Of the daemon on this machine, where it was started with options; else as the command line says. */
  readonly config: RouterConfig;
  readonly sources: CommandContext['sources'];
  readonly lang: Language;
  readonly env: CommandContext['env'];
  readonly daemon: LocatedDaemon;
  /** What the router says of itself, null when none answers. */
  readonly status: RouterStatus | null;
  /** Where the kernel shows itself: `/proc`. */
  readonly procFolder: string;
  /** Where old pid files may lie. */
  readonly pidFolders: readonly string[];
  readonly now: Date;
}

/** One thing that is looked at; its name is stable, for scripts. */
export interface Check {
  readonly name: string;
  readonly run: (context: DoctorContext) => readonly Finding[] | Promise<readonly Finding[]>;
}

export function ok(text: string): Finding {
  return { outcome: 'ok', text, advice: null };
}

/** It works, but not for long or not well. */
export function warn(text: string, advice: string): Finding {
  return { outcome: 'warn', text, advice };
}

/** It does not work, or would not. */
export function fail(text: string, advice: string): Finding {
  return { outcome: 'fail', text, advice };
}
