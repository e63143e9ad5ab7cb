// Writes numbered lines to standard output, a thousand a second, by the router's own log; PM2 runs it.
// line-writer.ts COUNT_FILE plain|rotating LOG_FILE: on SIGINT it notes in COUNT_FILE how many it wrote, and ends.
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
        complain: console.error,
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
  // what is held back goes out first, and PM2 reads what is in the pipe
  setTimeout(() => {
    rotation?.stop();
    writeFileSync(countFile, String(written));
    setTimeout(() => process.exit(0), 300);
  }, 300);
});
