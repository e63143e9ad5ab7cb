import { EXIT } from '../cli/index.ts';
import type { DaemonCommand } from './command.ts';
import { locateDaemon } from './find-daemon.ts';
import { followLog } from './follow-log.ts';
import { lastLines, logStats } from './log-file.ts';

/** `--daemon-logs [-f] [--lines N]`: the last lines of the log; also works after the daemon has stopped. */
export async function showLogs(command: DaemonCommand): Promise<number> {
  const { config, env, stdout } = command.context;
  const { paths, pid, other } = await locateDaemon(config, env, await command.runningSupervisor());
  const { logFile } = (other ?? { paths }).paths;
  const stats = logStats(logFile);
  if (stats === null) {
    command.printError(command.t(pid === null && other === null ? 'notRunning' : 'logMissing'));
    return pid === null && other === null ? EXIT.notRunning : EXIT.failed;
  }
  for (const line of lastLines(logFile, config.lines)) command.printLine(line);
  if (config.follow) await followUntilInterrupted(logFile, stats.sizeBytes, stdout);
  return EXIT.done;
}

async function followUntilInterrupted(path: string, from: number, output: NodeJS.WriteStream): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  output.once('error', end); // `--daemon-logs -f | head`
  await followLog(path, from, (bytes) => output.write(bytes), ended.signal);
}
