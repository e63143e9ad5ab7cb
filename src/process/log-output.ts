import type { RouterConfig } from '../config/index.ts';
import {
  BufferedOutput,
  type LogDestination,
  LogRotation,
  logFile,
  lostLinesNotice,
  standardOutput,
} from '../logging/index.ts';
import { isPm2 } from './pm2-parent.ts';

export type OpenLog = (config: RouterConfig) => LogDestination;

/** Value of --log-file that overrides a log file named in the environment or in the configuration file. */
const STANDARD_OUTPUT = '-';

/** Opens the configured log destination; throws when the file cannot be opened. */
export const openLog: OpenLog = (config) => {
  const lostNotice = (lines: number): string => lostLinesNotice(config.logFormat, lines);
  if (config.outputFile !== null) return new BufferedOutput(standardOutput(lostNotice));
  return logsToStandardOutput(config) ? standardOutput(lostNotice) : logFile(config.logFile ?? '', lostNotice);
};

export function logsToStandardOutput({ logFile }: RouterConfig): boolean {
  return logFile === null || logFile === STANDARD_OUTPUT;
}

/** Rotation of the log file that PM2 writes; null when PM2 does not write one. */
export function rotationOf(
  config: RouterConfig,
  output: LogDestination,
  reportProblem: (problem: string) => void,
): LogRotation | null {
  if (config.outputFile === null || !(output instanceof BufferedOutput)) return null;
  return new LogRotation({
    output,
    rotates: config.logRotation,
    format: config.logFormat,
    logFile: config.outputFile,
    maxSizeBytes: config.logMaxSize,
    retain: config.logRetain,
    reopen: reopenLogsOfPm2,
    reportProblem,
  });
}

/** PM2, the parent of this process, reopens all its logs at SIGUSR2. When it has ended, init or another program is the parent. */
function reopenLogsOfPm2(): void {
  const parent = process.ppid;
  if (!isPm2(parent)) throw new Error(`PM2 does not run any more, the parent process is ${parent}`);
  process.kill(parent, 'SIGUSR2');
}
