import { EXIT } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { UnsafeLogFile } from '../host/index.ts';
import type { DaemonCommand, DaemonMessage } from './command.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { locateDaemon } from './find-daemon.ts';
import { type Launched, launch } from './launch.ts';
import { hintAtOthers } from './not-running.ts';
import { keptOptions } from './options-file.ts';
import { setUpRotation } from './rotation.ts';
import { workingFolder } from './working-folder.ts';

/** `--daemon-start`: returns when the router itself says that it listens, or why it does not. */
export async function startDaemon(command: DaemonCommand): Promise<number> {
  const { config, env, argv } = command.context;
  command.progress.show(command.t('starting'));
  const supervisor = await command.supervisor();
  const found = await locateDaemon(config, env, supervisor);
  if (found.pid !== null || found.supervised?.status === 'waiting') {
    command.printError(command.t('alreadyRunning', { pid: found.pid ?? '—' }));
    return EXIT.failed;
  }
  const places = daemonPathsOf(config);
  if (found.other?.places.pidFile === places.pidFile) {
    command.printError(command.t('alreadyRunning', { pid: found.other.pid }));
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
    command.printError(command.t(LOG_PROBLEMS[error.problem], { path: error.path, detail: error.detail }));
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
  if (NODE_OPTIONS && nodeOptions === null) command.printWarning(command.t('nodeOptions', { value: NODE_OPTIONS }));
}

/** One block, the cause first; the log's last lines only when none of them names the cause. */
export function explainFailure(
  command: DaemonCommand,
  launched: Launched & { ok: false },
  { logFile }: DaemonPaths,
): number {
  if (command.interruption.hasOccurred) {
    command.printError(command.t('interrupted'));
    return command.interruption.exitCode;
  }
  command.printError(command.t('startFailed', { reason: launched.reason }));
  command.printWarning(command.t('log', { path: logFile }));
  if (launched.lines.length > 0) command.printWarning(command.t('lastLines'));
  for (const line of launched.lines) command.printWarning(`   ${line}`);
  return launched.isConfigurationError ? EXIT.usage : EXIT.failed;
}

export function reportStarted({ t, printSuccess, printLine }: DaemonCommand, pid: number, places: DaemonPaths): void {
  printSuccess(t('running', { pid }));
  printLine(t('pidFile', { path: places.pidFile }));
  printLine(t('log', { path: places.logFile }));
  printLine(t('hintStatus'));
  printLine(t('hintStop'));
}
