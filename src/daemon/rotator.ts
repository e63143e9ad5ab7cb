// The program that PM2 runs as rpc-dart-router-logrotate: rotates the logs of the routers in this PM2. It loads neither
// the router nor pm2: the PM2 daemon, whose child it is, opens its logs anew on SIGUSR2.
import { setTimeout as delay } from 'node:timers/promises';
import { compressLog, isDue, type RotationSettings, removeOldLogs, renameLog, rotatedLogs } from './rotate.ts';
import { readRotations } from './rotation-settings.ts';

const LOOK_EVERY_MS = 2000;
const supervisorPid = process.ppid;
const folder = process.argv[2] ?? '';

function complain(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
}

/** Rotates where it is due, and tells PM2 once for all. */
function rotateDue(rotations: readonly RotationSettings[]): void {
  const due = rotations.filter(isDue);
  for (const { logFile } of due) console.log(`${logFile} -> ${renameLog(logFile, new Date())}`);
  if (due.length > 0) process.kill(supervisorPid, 'SIGUSR2');
}

/** Compresses what is not yet, such as what a rotator that was ended has left. */
async function compressRotated(settings: RotationSettings): Promise<void> {
  for (const path of rotatedLogs(settings.logFile)) {
    // still written to: PM2 may have missed the signal
    if (path.endsWith('.log') && !(await compressLog(path))) process.kill(supervisorPid, 'SIGUSR2');
  }
  removeOldLogs(settings);
}

async function run(): Promise<void> {
  while (process.ppid === supervisorPid) {
    const rotations = readRotations(folder);
    try {
      rotateDue(rotations);
      for (const settings of rotations) await compressRotated(settings);
    } catch (error) {
      complain(error); // a full disk, say: it may be better the next time
    }
    await delay(LOOK_EVERY_MS);
  }
}

await run();
