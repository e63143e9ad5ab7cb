import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { foldersWithoutSpace } from './disk-space.ts';
import { SupervisorError } from './supervisor.ts';
import { absolutePath } from './working-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A PM2 daemon that does not accept a connection within this time counts as dead. */
const ACCEPT_TIMEOUT_MS = 2000;

/** Folder of PM2: `PM2_HOME`, otherwise `~/.pm2`. */
export function pm2Home(env: Environment): string {
  return env.PM2_HOME ? absolutePath(env.PM2_HOME) : join(env.HOME || homedir(), '.pm2');
}

/** Folder for the state of the daemon commands, mode 700. */
export function stateFolder(env: Environment): string {
  return join(pm2Home(env), 'rpc-dart-router');
}

/** Creates the folders with mode 700, since PM2 stores environments there in clear text. */
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

/** Throws if the disk of the PM2 home is full; PM2 itself would print a stack trace. */
export function requireSpace(env: Environment): void {
  const home = pm2Home(env);
  if (foldersWithoutSpace([home]).length > 0) throw new SupervisorError({ kind: 'homeFull', home });
}

/** RPC socket of the PM2 daemon. */
export function pm2Socket(env: Environment): string {
  return env.PM2_DAEMON_RPC_PORT || join(pm2Home(env), 'rpc.sock');
}

/** Pid in the pid file of the PM2 daemon; the process may have ended. */
export function pm2Pid(env: Environment): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(pm2Home(env), 'pm2.pid'), 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** True if a PM2 daemon accepts connections. The PM2 API cannot answer this, since it launches a missing daemon. */
export function isPm2Running(env: Environment): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(pm2Socket(env));
    const finish = (isRunning: boolean): void => {
      socket.destroy();
      done(isRunning);
    };
    socket.setTimeout(ACCEPT_TIMEOUT_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
