import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../cli/index.ts';
import { isAlive, readPid } from '../host/index.ts';
import type { DaemonCommand } from './command.ts';
import { type LocatedDaemon, locateDaemon } from './find-daemon.ts';
import { explainNotRunning } from './not-running.ts';
import { removeOptions } from './options-file.ts';
import { ownerOf } from './owner.ts';
import { forgetRotation } from './rotation.ts';
import { endIdlePm2 } from './settle.ts';
import { configurationOf, startedWith } from './started-with.ts';

const PATIENCE_MS = 10_000;
/** The router's own limit is as long: it gets the time to leave by itself. */
const RESERVE_MS = 500;
const KILL_LIMIT_MS = 5000;
const LOOK_EVERY_MS = 10;

export type Stopped = 'gracefully' | 'byForce' | 'notPermitted' | 'failed';

/** `--daemon-stop`: SIGTERM, then SIGKILL; nothing of it stays in PM2. */
export async function stopDaemon(command: DaemonCommand): Promise<number> {
  const { config, env } = command.context;
  const supervisor = await command.runningSupervisor();
  const found = await locateDaemon(config, env, supervisor);
  if (found.pid === null) return notRunning(command, found);
  command.printLine(command.t('stopping', { pid: found.pid }));
  const { service } = ownerOf(found.pid);
  const stopped = await stopProcess(command, found, found.pid);
  if (stopped === 'notPermitted' || stopped === 'failed') {
    command.printError(command.t(stopped === 'failed' ? 'stopFailed' : 'noPermission', { pid: found.pid }));
    return EXIT.failed;
  }
  await forgetDaemon(command, found);
  command.printSuccess(command.t(stopped === 'gracefully' ? 'stopped' : 'killed'));
  if (found.supervised?.args.includes('--end-pm2')) {
    // systemd itself stops the service in this way
    if (service !== null && env.INVOCATION_ID === undefined)
      command.printWarning(command.t('startedAgain', { service }));
    await endIdlePm2(command);
  }
  return EXIT.done;
}

async function notRunning(command: DaemonCommand, found: LocatedDaemon): Promise<number> {
  const wasInPm2 = found.supervised !== null;
  if (wasInPm2) await (await command.supervisor()).remove(command.context.config.name);
  await forgetDaemon(command, found);
  if (found.supervised?.status === 'waiting') {
    command.printSuccess(command.t('respawnEnded'));
    return EXIT.done;
  }
  explainNotRunning(command, found, 'stop');
  if (wasInPm2) command.printLine(command.t('removedFromPm2', { name: command.context.config.name }));
  return EXIT.notRunning;
}

async function forgetDaemon(command: DaemonCommand, found: LocatedDaemon): Promise<void> {
  const { config, env } = command.context;
  await forgetRotation(command);
  if (found.isOwn || found.pid === null) removeOptions(env, config.name);
  if (found.pid !== null && readPid(found.places.pidFile) === found.pid) rmSync(found.places.pidFile, { force: true });
}

/**
 * Ends the process and takes it out of PM2. PM2 itself would send SIGINT, so the signals are sent from here. After SIGTERM
 * the router's exit code keeps PM2 from starting it again; after SIGKILL it is taken out within the delay that PM2 keeps.
 */
export async function stopProcess(command: DaemonCommand, found: LocatedDaemon, pid: number): Promise<Stopped> {
  const { supervised } = found;
  const supervisor = supervised === null ? null : await command.supervisor();
  const patienceMs = stopTimeoutMs(command, found);
  if (!send(pid, 'SIGTERM')) return 'notPermitted';
  let shown = -1;
  const isGraceful = await untilEnded(pid, patienceMs + RESERVE_MS, (leftMs) => {
    const seconds = Math.max(0, Math.ceil((leftMs - RESERVE_MS) / 1000));
    if (seconds !== shown) command.progress.show(command.t('countdown', { seconds }));
    shown = seconds;
  });
  if (!isGraceful) {
    command.printWarning(command.t('killing', { seconds: patienceMs / 1000 }));
    send(pid, 'SIGKILL');
    if (!(await untilEnded(pid, KILL_LIMIT_MS, () => {}))) return 'failed';
  }
  if (supervised !== null) await supervisor?.remove(supervised.name);
  return isGraceful ? 'gracefully' : 'byForce';
}

/** Ten seconds, or more when the daemon was started with a longer --shutdown-timeout. */
function stopTimeoutMs({ context }: DaemonCommand, { supervised }: LocatedDaemon): number {
  if (context.killAfterMs !== undefined) return context.killAfterMs;
  if (supervised === null) return PATIENCE_MS;
  const loaded = configurationOf(startedWith(context.env, supervised), supervised.env);
  return loaded.ok ? Math.max(PATIENCE_MS, loaded.config.shutdownTimeoutMs) : PATIENCE_MS;
}

/** False when another user owns the process. A process that has ended already counts as true. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function untilEnded(pid: number, limitMs: number, waiting: (leftMs: number) => void): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (isAlive(pid)) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    waiting(leftMs);
    await delay(LOOK_EVERY_MS);
  }
  return true;
}
