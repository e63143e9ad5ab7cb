import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { optionsFileOf } from './command-line.ts';
import type { DaemonPaths } from './daemon-paths.ts';
import { pm2Home } from './pm2-home.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Under whom a router runs that this PM2 home does not have. */
export interface Owner {
  /** Name of the user, or its number when it has none. */
  readonly user: string;
  /** Null when the router was not started by --daemon-start. */
  readonly pm2Home: string | null;
  /** The systemd service that it is part of, without `.service`. */
  readonly service: string | null;
}

/** A router in a usual place that neither this PM2 home nor a given pid file names: it may be looked at, not commanded. */
export interface OtherRouter {
  readonly pid: number;
  readonly places: DaemonPaths;
  readonly owner: Owner;
}

export type DaemonAction = 'stop' | 'restart' | 'reload' | 'logs' | 'status';

/** Where the service of systemd/ has its pid file. */
export const SERVICE_PID_FILE = '/var/run/rpc-dart-router/rpc_dart_router.pid';

export function ownerOf(pid: number): Owner {
  return { user: userOf(pid), pm2Home: homeOf(pid), service: serviceOf(pid) };
}

/** True for a router that --daemon-start of this PM2 home has started, whether PM2 still looks after it or not. */
export function isOfHome(pid: number, env: Environment): boolean {
  return homeOf(pid) === pm2Home(env);
}

/** True when the service may run, and this user may not look. */
export function isServiceHidden(): boolean {
  try {
    accessSync(dirname(SERVICE_PID_FILE), constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** How to give a router a command; null stands for a daemon of this PM2 home. */
export function commandFor(other: OtherRouter | null, action: DaemonAction): string {
  if (other === null) return `rpc-dart-router --daemon-${action}`;
  const { user, pm2Home: home, service } = other.owner;
  if (service !== null && action === 'logs') return `sudo journalctl -u ${service}`;
  if (service !== null) return `sudo systemctl ${action} ${service}`;
  const sudo = user === userOf(process.pid) ? '' : `sudo -u ${user} `;
  if (home !== null) return `${sudo}PM2_HOME=${quoted(home)} rpc-dart-router --daemon-${action}`;
  return `${sudo}rpc-dart-router --daemon-${action} --pid-file ${quoted(other.places.pidFile)}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** `PM2_HOME/rpc-dart-router/NAME.json` stands on the command line. */
function homeOf(pid: number): string | null {
  const file = optionsFileOf(pid);
  return file === null ? null : dirname(dirname(file));
}

function userOf(pid: number): string {
  const uid = /^Uid:\t(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '?';
  return new RegExp(`^([^:\n]+):[^:\n]*:${uid}:`, 'm').exec(read('/etc/passwd'))?.[1] ?? uid;
}

function serviceOf(pid: number): string | null {
  return /\/system\.slice\/(?:[^\n]*\/)?([^/\n]+)\.service(?:\/|$)/m.exec(read(`/proc/${pid}/cgroup`))?.[1] ?? null;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended meanwhile
  }
}
