import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../cli/index.ts';
import { mainCommand } from './app-definition.ts';
import type { DaemonCommand } from './command.ts';
import { argumentValue } from './command-line.ts';
import { pm2Pid } from './pm2-home.ts';
import { isPm2Idle } from './rotation.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables for the command. ROUTER_* is excluded, since an option there may be the reason for the exit. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'PM2_HOME', 'LANG'];

/** Exceeds the time between exit and start in `pm2 restart`: PM2 checks every 100 ms whether the process has ended. */
const RESTART_GAP_MS = 500;

/**
 * Call at the exit of a router under PM2. After a stop or a configuration error PM2 does not restart the router, but keeps
 * showing `waiting restart`. A detached process (`--daemon-settle`) corrects this after the exit.
 */
export function markStoppedLater(argv: readonly string[], env: Environment, exitCode: number): void {
  if (!argv.includes('--supervised') || (exitCode !== EXIT.stopped && exitCode !== EXIT.usage)) return;
  const [program, ...args] = mainCommand();
  const name = argumentValue(argv, 'name');
  const options = [...(name === null ? [] : [`--name=${name}`]), ...argv.filter((option) => option === '--end-pm2')];
  const saved = PASSED_VARIABLES.map((key) => [key, env[key]] as const).filter(([, value]) => value !== undefined);
  const child = spawn(program, [...args, '--daemon-settle', ...options], {
    cwd: '/',
    env: Object.fromEntries(saved),
    detached: true,
    stdio: 'ignore',
  });
  child.on('error', () => {}); // the only effect is a wrong status in PM2
  child.unref();
}

/** `--daemon-settle`: marks a router that will not restart as stopped in PM2; with --end-pm2, ends an idle PM2. */
export async function markStopped(command: DaemonCommand): Promise<number> {
  const { name, endPm2 } = command.context.config;
  const supervisor = await command.runningSupervisor();
  if (supervisor === null) return EXIT.done;
  const isStopped = (await supervisor.describe(name))?.status === 'stopped';
  const isIdle = endPm2 && isPm2Idle(await supervisor.list());
  // `pm2 restart` shows `stopped` between the exit and the start: the second reading comes after the start
  await delay(RESTART_GAP_MS);
  if (isStopped && (await supervisor.describe(name))?.status === 'stopped') await supervisor.stop(name);
  if (isIdle) await endIdlePm2(command);
  return EXIT.done;
}

/** Ends an idle PM2; a systemd unit with PM2 as main process ends with it. */
export async function endIdlePm2(command: DaemonCommand): Promise<void> {
  const supervisor = await command.runningSupervisor();
  const pid = pm2Pid(command.context.env);
  if (supervisor === null || pid === null || !isPm2Idle(await supervisor.list())) return;
  process.kill(pid, 'SIGTERM');
}
