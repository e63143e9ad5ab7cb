import { machine, platform } from 'node:os';

const RULE = '='.repeat(48);

/** The first lines of a log, as in the operator's guide. */
export function logBanner(log: { plain(text: string): void }, version: string): void {
  log.plain('===== RPC Dart Router Daemon Startup =====');
  log.plain(`Version: ${version}`);
  log.plain(`Platform: ${platform()} ${machine()}`);
  log.plain(`Node: ${process.version}`);
  log.plain(`PID: ${process.pid}`);
  log.plain(`Working Directory: ${process.cwd()}`);
  log.plain(RULE);
}
