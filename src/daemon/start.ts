import { EXIT } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { UnsafeLogFile } from '../host/index.ts';
import type { DaemonCommand, DaemonMessage } from './command.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { locateDaemon } from './find-daemon.ts';
import { type LaunchOutcome, launch } from './launch.ts';
import { hintOtherRouter } from './not-running.ts';
import { optionsToSave } from './options-file.ts';
import { setUpRotation } from './rotation.ts';
import { workingFolder } from './working-folder.ts';

/** `--daemon-start`: returns when the router reports over its control socket that it listens, or when the start fails. */
export async function startDaemon(command: DaemonCommand): Promise<number> {
  const { config, env, argv } = command.context;
  command.progress.show(command.t('starting'));
  const supervisor = await command.supervisor();
  const found = await locateDaemon(config, env, supervisor);
  if (found.pid !== null || found.supervised?.status === 'waiting') {
    command.printError(command.t('alreadyRunning', { pid: found.pid ?? '—' }));
    return EXIT.failed;
  }
  const paths = daemonPathsOf(config);
  if (found.other?.paths.pidFile === paths.pidFile) {
    command.printError(command.t('alreadyRunning', { pid: found.other.pid }));
    hintOtherRouter(command, found, 'status');
    return EXIT.failed;
  }
  if (found.supervised !== null) await supervisor.remove(config.name);
  const folder = workingFolder();
  const options = [`--base-folder=${folder}`, ...optionsToSave(argv, folder)];
  warnAboutNodeOptions(command, config);
  const launched = await reportUnsafeLog(command, () => launch(command, config, paths, options, { env, folder }));
  if (launched === null) return EXIT.failed;
  if (!launched.ok) return reportFailedStart(command, launched, paths);
  await setUpRotation(command, config);
  reportStarted(command, launched.status.pid, paths);
  return EXIT.done;
}

/** Runs `body`. If the log file is unsafe to write to, prints the problem and returns null. */
export async function reportUnsafeLog<T>(command: DaemonCommand, body: () => Promise<T>): Promise<T | null> {
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

/** NODE_OPTIONS is not passed on: the terminal of an editor sets options whose files vanish with it, and later starts would fail. */
export function warnAboutNodeOptions(command: DaemonCommand, { nodeOptions }: RouterConfig): void {
  const { NODE_OPTIONS } = command.context.env;
  if (NODE_OPTIONS && nodeOptions === null) command.printWarning(command.t('nodeOptions', { value: NODE_OPTIONS }));
}

/** Prints the cause first, and the last log lines only if none of them contains the cause. */
export function reportFailedStart(
  command: DaemonCommand,
  launched: LaunchOutcome & { ok: false },
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

export function reportStarted({ t, printSuccess, printLine }: DaemonCommand, pid: number, paths: DaemonPaths): void {
  printSuccess(t('running', { pid }));
  printLine(t('pidFile', { path: paths.pidFile }));
  printLine(t('log', { path: paths.logFile }));
  printLine(t('hintStatus'));
  printLine(t('hintStop'));
}
