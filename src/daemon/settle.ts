import { spawn } from 'node:child_process';
import { EXIT } from '../cli/index.ts';
import { mainCommand } from './app-definition.ts';
import type { DaemonCommand } from './command.ts';
import { argumentOf } from './command-line.ts';
import { pm2Pid } from './pm2-home.ts';
import { isIdle } from './rotation.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the command needs; the router's options among the environment may be the reason of its end. */
const NEEDED = ['PATH', 'HOME', 'PM2_HOME', 'LANG'];

/**
 * Called at the end of a router that PM2 runs. After a stop, and after a configuration error, PM2 does not start it again,
 * and goes on to call it `waiting restart`: a process of its own puts that right once the router is gone.
 */
export function settleLater(argv: readonly string[], env: Environment, exitCode: number): void {
  if (!argv.includes('--supervised') || (exitCode !== EXIT.stopped && exitCode !== EXIT.usage)) return;
  const [program, ...args] = mainCommand();
  const name = argumentOf(argv, 'name');
  const options = [...(name === null ? [] : [`--name=${name}`]), ...argv.filter((option) => option === '--end-pm2')];
  const kept = NEEDED.map((key) => [key, env[key]] as const).filter(([, value]) => value !== undefined);
  const child = spawn(program, [...args, '--daemon-settle', ...options], {
    cwd: '/',
    env: Object.fromEntries(kept),
    detached: true,
    stdio: 'ignore',
  });
  child.on('error', () => {}); // without it, PM2 shows the wrong status: not worth more
  child.unref();
}

/** `--daemon-settle`: shows a router that ended for good as stopped in PM2; with --end-pm2, PM2 ends when it runs nothing else. */
export async function settleDaemon(command: DaemonCommand): Promise<number> {
  const { name, endPm2 } = command.context.config;
  const supervisor = await command.runningSupervisor();
  if (supervisor === null) return EXIT.done;
  const seen = await supervisor.describe(name);
  if (seen?.status === 'stopped') await supervisor.stop(name);
  if (endPm2) await endIdlePm2(command);
  return EXIT.done;
}

/** Ends PM2 when it runs nothing: a systemd unit whose main process it is ends with it. */
export async function endIdlePm2(command: DaemonCommand): Promise<void> {
  const supervisor = await command.runningSupervisor();
  const pid = pm2Pid(command.context.env);
  if (supervisor === null || pid === null || !isIdle(await supervisor.list())) return;
  process.kill(pid, 'SIGTERM');
}
