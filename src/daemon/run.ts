import { setTimeout as delay } from 'node:timers/promises';
import { type CommandContext, EXIT } from '../cli/index.ts';
import { explainSystemError, isSystemError } from '../text/index.ts';
import { type DaemonCommand, explainSupervisor, withDaemonCommand } from './command.ts';
import { markStopped } from './final-state.ts';
import { ForeignProcess } from './find-daemon.ts';
import { onInterrupt } from './interruption.ts';
import { takeLock, wasUsed } from './lock.ts';
import { showLogs } from './logs.ts';
import { Pm2Supervisor } from './pm2.ts';
import { reloadDaemon } from './reload.ts';
import { restartDaemon } from './restart.ts';
import { startDaemon } from './start.ts';
import { showStatus } from './status.ts';
import { stopDaemon } from './stop.ts';
import { SupervisorError } from './supervisor.ts';

/** A restart by PM2 looks like a stop at first; the check waits until PM2 has restarted the router. */
const PM2_RESTART_DELAY_MS = 1000;
/** Longer than any command takes. */
const LOCK_TIMEOUT_MS = 90_000;

export type DaemonCommandName = 'settle' | 'start' | 'stop' | 'status' | 'reload' | 'restart' | 'logs';

const COMMANDS: Readonly<Record<DaemonCommandName, (command: DaemonCommand) => Promise<number>>> = {
  start: startDaemon,
  stop: stopDaemon,
  status: showStatus,
  reload: reloadDaemon,
  restart: restartDaemon,
  logs: showLogs,
  settle: markStopped,
};

/** Runs a daemon command; resolves with the exit code. */
export async function runDaemonCommand(name: DaemonCommandName, context: CommandContext): Promise<number> {
  return withDaemonCommand(
    context,
    (env) => Pm2Supervisor.connect(env),
    async (command) => {
      try {
        if (name === 'settle') await delay(PM2_RESTART_DELAY_MS);
        return await withLock(name, command);
      } catch (error) {
        if (error instanceof SupervisorError) command.printError(explainSupervisor(command.t, error));
        else if (error instanceof ForeignProcess) {
          command.printError(command.t('nameTaken', { name: context.config.name, script: error.script }));
        } else if (isSystemError(error)) command.printError(`❌ ${explainSystemError(error)[context.lang]}`);
        else throw error;
        return EXIT.failed;
      }
    },
  );
}

/** Serializes the commands that change something in a PM2 home. */
async function withLock(name: DaemonCommandName, command: DaemonCommand): Promise<number> {
  const { env } = command.context;
  const isReadOnly = name === 'status' || name === 'logs';
  if (isReadOnly || (name !== 'start' && !wasUsed(env))) return COMMANDS[name](command);
  const lock = await takeLock(env, LOCK_TIMEOUT_MS);
  if (!('release' in lock)) {
    command.printError(command.t('otherCommand', { pid: lock.pid ?? '—', path: lock.path }));
    return EXIT.failed;
  }
  const stopListening = onInterrupt((signal) => {
    // only a start can be undone; an undone stop would leave no router
    if (name === 'start') command.interruption.record(signal);
    command.printWarning(command.t(name === 'start' ? 'undoing' : 'finishing', { name }));
  });
  try {
    return await COMMANDS[name](command);
  } finally {
    stopListening();
    lock.release();
  }
}
