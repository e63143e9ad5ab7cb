import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { foldersWithoutSpace } from './free-space.ts';
import { SupervisorError } from './supervisor.ts';
import { absolutePath } from './working-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How long a PM2 daemon may take to accept a connection before it counts as dead. */
const ACCEPT_LIMIT_MS = 2000;

/** The folder of the user's PM2: `PM2_HOME`, else `~/.pm2`. */
export function pm2Home(env: Environment): string {
  return env.PM2_HOME ? absolutePath(env.PM2_HOME) : join(env.HOME || homedir(), '.pm2');
}

/** Where the daemon commands keep what they have to remember, mode 700. */
export function stateFolder(env: Environment): string {
  return join(pm2Home(env), 'rpc-dart-router');
}

/** Makes the folders, closed to others: PM2 keeps environments there in clear text. */
export function makeStateFolder(env: Environment): string {
  const folder = stateFolder(env);
  try {
    mkdirSync(pm2Home(env), { recursive: true, mode: 0o700 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new SupervisorError({ kind: 'homeUnusable', home: pm2Home(env), detail: (error as Error).message });
  }
  return folder;
}

/** Throws when the disk of the PM2 home is too full to start anything: PM2 itself would end with a stack trace. */
export function requireSpace(env: Environment): void {
  const home = pm2Home(env);
  if (foldersWithoutSpace([home]).length > 0) throw new SupervisorError({ kind: 'homeFull', home });
}

/** The socket that a PM2 daemon answers on. */
export function pm2Socket(env: Environment): string {
  return env.PM2_DAEMON_RPC_PORT || join(pm2Home(env), 'rpc.sock');
}

/** The pid that the PM2 daemon of this home left, whether it lives or not. */
export function pm2Pid(env: Environment): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(pm2Home(env), 'pm2.pid'), 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** True when a PM2 daemon listens: asking PM2 itself would launch one. A socket that a dead one left does not count. */
export function isPm2Running(env: Environment): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(pm2Socket(env));
    const finish = (isRunning: boolean): void => {
      socket.destroy();
      done(isRunning);
    };
    socket.setTimeout(ACCEPT_LIMIT_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
