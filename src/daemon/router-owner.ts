import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { optionsFileOf } from './command-line.ts';
import type { DaemonPaths } from './daemon-paths.ts';
import { pm2Home } from './pm2-home.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Owner of a router that is not in this PM2 home. */
export interface RouterOwner {
  /** Name of the user, or its number when it has none. */
  readonly user: string;
  /** Null if --daemon-start did not launch the router. */
  readonly pm2Home: string | null;
  /** Name of its systemd service, without `.service`; null without a service. */
  readonly service: string | null;
}

/** A router on a default path, neither in this PM2 home nor selected by a pid file. Read-only: it can be shown, not controlled. */
export interface OtherRouter {
  readonly pid: number;
  readonly paths: DaemonPaths;
  readonly owner: RouterOwner;
}

export type DaemonAction = 'stop' | 'restart' | 'reload' | 'logs' | 'status';

/** Pid file of the systemd service. */
export const SERVICE_PID_FILE = '/var/run/rpc-dart-router/rpc_dart_router.pid';

export function ownerOf(pid: number): RouterOwner {
  return { user: userOf(pid), pm2Home: pm2HomeOf(pid), service: serviceOf(pid) };
}

/** True if --daemon-start of this PM2 home launched the router; PM2 may no longer supervise it. */
export function wasStartedFrom(pid: number, env: Environment): boolean {
  return pm2HomeOf(pid) === pm2Home(env);
}

/** True if this user has no permission to see whether the service runs. */
export function isServiceHidden(): boolean {
  try {
    accessSync(dirname(SERVICE_PID_FILE), constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Shell command for an action on a router; null stands for a daemon of this PM2 home. */
export function commandFor(other: OtherRouter | null, action: DaemonAction): string {
  if (other === null) return `rpc-dart-router --daemon-${action}`;
  const { user, pm2Home: home, service } = other.owner;
  if (service !== null && action === 'logs') return `sudo journalctl -u ${service}`;
  if (service !== null) return `sudo systemctl ${action} ${service}`;
  const sudo = user === userOf(process.pid) ? '' : `sudo -u ${user} `;
  if (home !== null) return `${sudo}PM2_HOME=${quoted(home)} rpc-dart-router --daemon-${action}`;
  return `${sudo}rpc-dart-router --daemon-${action} --pid-file ${quoted(other.paths.pidFile)}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** The PM2 home, from the options file `PM2_HOME/rpc-dart-router/NAME.json` on the command line. */
function pm2HomeOf(pid: number): string | null {
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
    return ''; // the process has ended
  }
}
