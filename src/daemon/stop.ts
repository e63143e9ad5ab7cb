import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../cli/index.ts';
import { isAlive, readPid } from '../host/index.ts';
import type { DaemonCommand } from './command.ts';
import { endIdlePm2 } from './final-state.ts';
import { type LocatedDaemon, locateDaemon } from './find-daemon.ts';
import { reportNotRunning } from './not-running.ts';
import { removeOptions } from './options-file.ts';
import { removeUnusedRotation } from './rotation.ts';
import { ownerOf } from './router-owner.ts';
import { loadDaemonConfig, startOptions } from './start-options.ts';

const DEFAULT_STOP_TIMEOUT_MS = 10_000;
/** The shutdown timeout of the router has the same length; this margin lets the router exit by itself. */
const EXIT_MARGIN_MS = 500;
const KILL_TIMEOUT_MS = 5000;
const POLL_INTERVAL_MS = 10;

export type StopOutcome = 'gracefully' | 'byForce' | 'notPermitted' | 'failed';

/** `--daemon-stop`: SIGTERM, then SIGKILL; removes the daemon from PM2. */
export async function stopDaemon(command: DaemonCommand): Promise<number> {
  const { config, env } = command.context;
  const supervisor = await command.runningSupervisor();
  const found = await locateDaemon(config, env, supervisor);
  if (found.pid === null) return handleNotRunning(command, found);
  command.printLine(command.t('stopping', { pid: found.pid }));
  const { service } = ownerOf(found.pid);
  const stopped = await stopProcess(command, found, found.pid);
  if (stopped === 'notPermitted' || stopped === 'failed') {
    command.printError(command.t(stopped === 'failed' ? 'stopFailed' : 'noPermission', { pid: found.pid }));
    return EXIT.failed;
  }
  await removeDaemonFiles(command, found);
  command.printSuccess(command.t(stopped === 'gracefully' ? 'stopped' : 'killed'));
  if (found.supervised?.args.includes('--end-pm2')) {
    // systemd runs this command to stop the service; then INVOCATION_ID is set and no warning is due
    if (service !== null && env.INVOCATION_ID === undefined)
      command.printWarning(command.t('startedAgain', { service }));
    await endIdlePm2(command);
  }
  return EXIT.done;
}

async function handleNotRunning(command: DaemonCommand, found: LocatedDaemon): Promise<number> {
  const wasInPm2 = found.supervised !== null;
  if (wasInPm2) await (await command.supervisor()).remove(command.context.config.name);
  await removeDaemonFiles(command, found);
  if (found.supervised?.status === 'waiting') {
    command.printSuccess(command.t('respawnEnded'));
    return EXIT.done;
  }
  reportNotRunning(command, found, 'stop');
  if (wasInPm2) command.printLine(command.t('removedFromPm2', { name: command.context.config.name }));
  return EXIT.notRunning;
}

async function removeDaemonFiles(command: DaemonCommand, found: LocatedDaemon): Promise<void> {
  const { config, env } = command.context;
  await removeUnusedRotation(command);
  if (found.isOwn || found.pid === null) removeOptions(env, config.name);
  if (found.pid !== null && readPid(found.paths.pidFile) === found.pid) rmSync(found.paths.pidFile, { force: true });
}

/**
 * Ends the process and removes it from PM2. The signals are sent from here, since PM2 would send SIGINT. After SIGTERM the
 * exit code prevents a respawn by PM2; after SIGKILL the entry is removed within the respawn delay of PM2.
 */
export async function stopProcess(command: DaemonCommand, found: LocatedDaemon, pid: number): Promise<StopOutcome> {
  const { supervised } = found;
  const supervisor = supervised === null ? null : await command.supervisor();
  const patienceMs = stopTimeoutMs(command, found);
  if (!send(pid, 'SIGTERM')) return 'notPermitted';
  let shown = -1;
  const isGraceful = await waitForExit(pid, patienceMs + EXIT_MARGIN_MS, (leftMs) => {
    const seconds = Math.max(0, Math.ceil((leftMs - EXIT_MARGIN_MS) / 1000));
    if (seconds !== shown) command.progress.show(command.t('countdown', { seconds }));
    shown = seconds;
  });
  if (!isGraceful) {
    command.printWarning(command.t('killing', { seconds: patienceMs / 1000 }));
    send(pid, 'SIGKILL');
    if (!(await waitForExit(pid, KILL_TIMEOUT_MS, () => {}))) return 'failed';
  }
  if (supervised !== null) await supervisor?.remove(supervised.name);
  return isGraceful ? 'gracefully' : 'byForce';
}

/** Ten seconds, or more when the daemon was started with a longer --shutdown-timeout. */
function stopTimeoutMs({ context }: DaemonCommand, { supervised }: LocatedDaemon): number {
  if (context.killAfterMs !== undefined) return context.killAfterMs;
  if (supervised === null) return DEFAULT_STOP_TIMEOUT_MS;
  const loaded = loadDaemonConfig(startOptions(context.env, supervised), supervised.env);
  return loaded.ok ? Math.max(DEFAULT_STOP_TIMEOUT_MS, loaded.config.shutdownTimeoutMs) : DEFAULT_STOP_TIMEOUT_MS;
}

/** Sends a signal. False if another user owns the process; true if the process has already ended. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function waitForExit(pid: number, limitMs: number, waiting: (leftMs: number) => void): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (isAlive(pid)) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    waiting(leftMs);
    await delay(POLL_INTERVAL_MS);
  }
  return true;
}
