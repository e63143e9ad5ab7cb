import { rmSync } from 'node:fs';
import { isAlive, isOlderThan, isRouter, readPid } from '../host/index.ts';
import type { DaemonCommand } from './command.ts';
import type { LocatedDaemon } from './find-daemon.ts';
import { commandFor, type DaemonAction, isServiceHidden, type Owner } from './owner.ts';

/** Says that there is nothing to command, and which router is there instead. */
export function explainNotRunning(command: DaemonCommand, found: LocatedDaemon, action: DaemonAction): void {
  command.fail(command.say('notRunning'));
  removeStalePidFile(command, found.places.pidFile);
  hintAtOthers(command, found, action);
}

/** Names the router that runs here instead, and how to command that one. */
export function hintAtOthers(command: DaemonCommand, { other, supervised }: LocatedDaemon, action: DaemonAction): void {
  if (other !== null) {
    const { pid, owner } = other;
    const by = startedBy(command, owner);
    command.warn(command.say('hintOther', { pid, user: owner.user, by, command: commandFor(other, action) }));
  } else if (supervised === null && command.context.config.pidFile === null && isServiceHidden()) {
    command.warn(command.say('hintHidden'));
  }
}

/** `, as the systemd service x`. */
export function startedBy({ say }: Pick<DaemonCommand, 'say'>, { service, pm2Home }: Owner): string {
  if (service !== null) return say('byService', { service });
  return pm2Home === null ? '' : say('byHome', { home: pm2Home });
}

/** A pid file whose process is gone, or whose pid was given to another program since. */
export function removeStalePidFile(command: DaemonCommand, path: string): void {
  const pid = readPid(path);
  if (pid === null || (isAlive(pid) && isRouter(pid))) return;
  if (isAlive(pid) && isOlderThan(pid, path)) {
    command.warn(command.say('pidOfOthers', { path, pid }));
    return;
  }
  try {
    rmSync(path, { force: true });
    command.out(command.say('staleRemoved', { path }));
  } catch {
    command.warn(command.say('staleOfOthers', { path })); // in /tmp only its owner may
  }
}
