import { EXIT } from '../cli/index.ts';
import type { DaemonCommand } from './command.ts';
import { type FoundDaemon, findDaemon, statusOf } from './find-daemon.ts';
import { hintOtherRouter, removeStalePidFile } from './not-running.ts';
import type { OtherRouter } from './router-owner.ts';
import { statusLines } from './status-lines.ts';
import { type DaemonReport, reportDaemon } from './status-report.ts';

/** `--daemon-status`: exit code 0 if running, 3 if not running, 1 if the process does not respond or keeps restarting. */
export async function showStatus(command: DaemonCommand): Promise<number> {
  const { config, env } = command.context;
  const supervisor = await command.runningSupervisor();
  const own = await findDaemon(config, env, supervisor);
  const found = own.other === null ? own : await withOtherRouter(own, own.other);
  const report = reportDaemon(command.context, found, supervisor?.versions.running ?? null);
  if (config.json) command.printLine(JSON.stringify(report, null, 2));
  else {
    print(command, report);
    if (report.state === 'notRunning') {
      removeStalePidFile(command, report.pidFile);
      hintOtherRouter(command, found, 'status');
    }
  }
  return exitCode(report);
}

/** Shows another router like one of this PM2 home, with its owner. */
async function withOtherRouter(own: FoundDaemon, other: OtherRouter): Promise<FoundDaemon> {
  return { ...own, ...other, status: await statusOf(other) };
}

function print(command: DaemonCommand, report: DaemonReport): void {
  const [first = '', ...rest] = statusLines(report, command.t, command.context.lang);
  if (report.state === 'running') command.printSuccess(first);
  else command.printLine(first);
  for (const line of rest) command.printLine(line);
}

function exitCode({ state }: DaemonReport): number {
  if (state === 'running') return EXIT.done;
  return state === 'notRunning' ? EXIT.notRunning : EXIT.failed;
}
