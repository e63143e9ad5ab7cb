// Writes numbered lines to standard output, a thousand a second, with the log of the router; runs under PM2.
// line-writer.ts COUNT_FILE plain|rotating LOG_FILE: on SIGINT it writes the number of lines to COUNT_FILE and ends.
import { writeFileSync } from 'node:fs';
import { BufferedOutput, Logger, LogRotation, standardOutput } from '../../src/logging/index.ts';

const LINES_PER_SECOND = 1000;
const [countFile = '', mode, logFile = ''] = process.argv.slice(2);

const output = new BufferedOutput(standardOutput((lines) => `${lines} lost\n`));
const log = new Logger({ level: 'info', format: 'text', destination: output });
const rotation =
  mode === 'rotating'
    ? new LogRotation({
        ...{ output, rotates: true, format: 'text', logFile, maxSizeBytes: 1024, retain: 100 },
        reopen: () => process.kill(process.ppid, 'SIGUSR2'),
        reportProblem: console.error,
      })
    : null;

const started = performance.now();
let written = 0;
const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - started) / 1000) * LINES_PER_SECOND);
  for (; written < due; written++) log.info(`line ${written} ${'.'.repeat(60)}`);
}, 1);

process.once('SIGINT', () => {
  clearInterval(timer);
  // flushes held lines, and lets PM2 read the pipe
  setTimeout(() => {
    rotation?.stop();
    writeFileSync(countFile, String(written));
    setTimeout(() => process.exit(0), 300);
  }, 300);
});
