import { machine, platform } from 'node:os';

const RULE = '='.repeat(48);

/** A folder that was removed after the start of the shell has no name any more. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    return `unknown (${(error as Error).message})`;
  }
}

/** The first lines of a log, as in the operator's guide. */
export function logBanner(log: { plain(text: string): void }, version: string): void {
  log.plain('===== RPC Dart Router Daemon Startup =====');
  log.plain(`Version: ${version}`);
  log.plain(`Platform: ${platform()} ${machine()}`);
  log.plain(`Node: ${process.version}`);
  log.plain(`PID: ${process.pid}`);
  log.plain(`Working Directory: ${workingDirectory()}`);
  log.plain(RULE);
}
