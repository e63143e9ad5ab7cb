import { rmSync } from 'node:fs';
import { isAlive, isOlderThan, isRouter, readPid } from '../host/index.ts';
import type { DaemonCommand } from './command.ts';
import type { LocatedDaemon } from './find-daemon.ts';
import { commandFor, type DaemonAction, isServiceHidden, type RouterOwner } from './router-owner.ts';

/** Reports that the daemon is not running, and names another router that runs here. */
export function reportNotRunning(command: DaemonCommand, found: LocatedDaemon, action: DaemonAction): void {
  command.printError(command.t('notRunning'));
  removeStalePidFile(command, found.paths.pidFile);
  hintOtherRouter(command, found, action);
}

/** Names another router that runs on this host, and the command to control it. */
export function hintOtherRouter(
  command: DaemonCommand,
  { other, supervised }: LocatedDaemon,
  action: DaemonAction,
): void {
  if (other !== null) {
    const { pid, owner } = other;
    const by = describeOwner(command, owner);
    command.printWarning(command.t('hintOther', { pid, user: owner.user, by, command: commandFor(other, action) }));
  } else if (supervised === null && command.context.config.pidFile === null && isServiceHidden()) {
    command.printWarning(command.t('hintHidden'));
  }
}

/** `, as the systemd service x`. */
export function describeOwner({ t }: Pick<DaemonCommand, 't'>, { service, pm2Home }: RouterOwner): string {
  if (service !== null) return t('byService', { service });
  return pm2Home === null ? '' : t('byHome', { home: pm2Home });
}

/** Removes a pid file whose process has ended, or whose pid was reused by another program. */
export function removeStalePidFile(command: DaemonCommand, path: string): void {
  const pid = readPid(path);
  if (pid === null || (isAlive(pid) && isRouter(pid))) return;
  if (isAlive(pid) && isOlderThan(pid, path)) {
    command.printWarning(command.t('pidOfOthers', { path, pid }));
    return;
  }
  try {
    rmSync(path, { force: true });
    command.printLine(command.t('staleRemoved', { path }));
  } catch {
    command.printWarning(command.t('staleOfOthers', { path })); // in /tmp only the owner may remove a file
  }
}
