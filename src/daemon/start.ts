import { EXIT } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { UnsafeLogFile } from '../host/index.ts';
import type { DaemonCommand, DaemonMessage } from './command.ts';
import { type Places, placesOf } from './daemon-paths.ts';
import { locateDaemon } from './find-daemon.ts';
import { type Launched, launch } from './launch.ts';
import { hintAtOthers } from './not-running.ts';
import { keptOptions } from './options-file.ts';
import { setUpRotation } from './rotation.ts';
import { workingFolder } from './working-folder.ts';

/** `--daemon-start`: returns when the router itself says that it listens, or why it does not. */
export async function startDaemon(command: DaemonCommand): Promise<number> {
  const { config, env, argv } = command.context;
  command.progress.show(command.say('starting'));
  const supervisor = await command.supervisor();
  const found = await locateDaemon(config, env, supervisor);
  if (found.pid !== null || found.supervised?.status === 'waiting') {
    command.fail(command.say('alreadyRunning', { pid: found.pid ?? '—' }));
    return EXIT.failed;
  }
  const places = placesOf(config);
  if (found.other?.places.pidFile === places.pidFile) {
    command.fail(command.say('alreadyRunning', { pid: found.other.pid }));
    hintAtOthers(command, found, 'status');
    return EXIT.failed;
  }
  if (found.supervised !== null) await supervisor.remove(config.name);
  const folder = workingFolder();
  const options = [`--base-folder=${folder}`, ...keptOptions(argv, folder)];
  warnOfNodeOptions(command, config);
  const launched = await refusingUnsafeLogs(command, () => launch(command, config, places, options, { env, folder }));
  if (launched === null) return EXIT.failed;
  if (!launched.ok) return explainFailure(command, launched, places);
  await setUpRotation(command, config);
  reportStarted(command, launched.status.pid, places);
  return EXIT.done;
}

/** Null when the log file is one that must not be written to, which is said then. */
export async function refusingUnsafeLogs<T>(command: DaemonCommand, body: () => Promise<T>): Promise<T | null> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof UnsafeLogFile)) throw error;
    command.fail(command.say(LOG_PROBLEMS[error.problem], { path: error.path, detail: error.detail }));
    return null;
  }
}

const LOG_PROBLEMS = {
  symlink: 'logSymlink',
  otherUser: 'logOtherUser',
  notAFile: 'logNotAFile',
  unwritable: 'logUnwritable',
} as const satisfies Record<UnsafeLogFile['problem'], DaemonMessage>;

/** Those of an editor's terminal would end with it, and keep every later start of the daemon from succeeding. */
export function warnOfNodeOptions(command: DaemonCommand, { nodeOptions }: RouterConfig): void {
  const { NODE_OPTIONS } = command.context.env;
  if (NODE_OPTIONS && nodeOptions === null) command.warn(command.say('nodeOptions', { value: NODE_OPTIONS }));
}

/** One block, the cause first; the log's last lines only when none of them names the cause. */
export function explainFailure(
  command: DaemonCommand,
  launched: Launched & { ok: false },
  { logFile }: Places,
): number {
  if (command.interruption.hasOccurred) {
    command.fail(command.say('interrupted'));
    return command.interruption.exitCode;
  }
  command.fail(command.say('startFailed', { reason: launched.reason }));
  command.warn(command.say('log', { path: logFile }));
  if (launched.lines.length > 0) command.warn(command.say('lastLines'));
  for (const line of launched.lines) command.warn(`   ${line}`);
  return launched.isConfigurationError ? EXIT.usage : EXIT.failed;
}

export function reportStarted({ say, good, out }: DaemonCommand, pid: number, places: Places): void {
  good(say('running', { pid }));
  out(say('pidFile', { path: places.pidFile }));
  out(say('log', { path: places.logFile }));
  out(say('hintStatus'));
  out(say('hintStop'));
}
