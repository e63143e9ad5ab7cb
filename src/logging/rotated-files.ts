import {
  closeSync,
  createReadStream,
  createWriteStream,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const MODE_BITS = 0o777;

/** Settings of a rotation. */
export interface RotationSettings {
  /** The file to which PM2 writes standard output. */
  readonly logFile: string;
  readonly maxSizeBytes: number;
  readonly retain: number;
}

/**
 * Renames the log and atomically replaces it with an empty file of the same mode, so that in a shared folder no other user can
 * take the name. A process that has the log open writes to the renamed file until it reopens the log.
 */
export function renameLog(logFile: string, rotated: string): void {
  const empty = `${logFile}.${process.pid}.new`;
  rmSync(empty, { force: true });
  closeSync(openSync(empty, 'wx', statSync(logFile).mode & MODE_BITS));
  linkSync(logFile, rotated);
  renameSync(empty, logFile);
}

/**
 * `router__2026-11-23_00-00-00.log`, as pm2-logrotate names it, with a number suffix when the name exists. When the clock was
 * set back, the time of the newest rotated log is used, so that names sort in the order of rotation.
 */
export function rotatedName(logFile: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}-${two(now.getMinutes())}-${two(now.getSeconds())}`;
  const wanted = `${day}_${time}`;
  const newest = positionOf(rotatedLogs(logFile).at(-1) ?? '');
  const isAhead = newest.stamp >= wanted;
  const suffix = isAhead ? `${newest.stamp}_${two(newest.number + 1)}` : wanted;
  return join(dirname(logFile), `${stem(logFile)}__${suffix}.log`);
}

/** Position of a rotated log in the order of rotation. */
function positionOf(path: string): { readonly stamp: string; readonly number: number } {
  const match = /__(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)(?:_(\d+))?\.log(?:\.gz)?$/.exec(path);
  return { stamp: match?.[1] ?? '', number: Number(match?.[2] ?? 0) };
}

function byPosition(a: string, b: string): number {
  const [first, second] = [positionOf(a), positionOf(b)];
  if (first.stamp !== second.stamp) return first.stamp < second.stamp ? -1 : 1;
  return first.number - second.number;
}

/** The rotated logs of a log, oldest first. */
export function rotatedLogs(logFile: string): string[] {
  const start = `${stem(logFile)}__`;
  return readdirSync(dirname(logFile))
    .filter((name) => name.startsWith(start) && /__\d{4}-\d\d-\d\d_[\d_-]+\.log(\.gz)?$/.test(name))
    .sort(byPosition)
    .map((name) => join(dirname(logFile), name));
}

/** Compresses a rotated log that no process writes to. */
export async function compressLog(rotated: string): Promise<void> {
  const unfinished = `${rotated}.gz.tmp`;
  rmSync(unfinished, { force: true });
  const target = createWriteStream(unfinished, { flags: 'wx', mode: statSync(rotated).mode & MODE_BITS });
  await pipeline(createReadStream(rotated), createGzip(), target);
  renameSync(unfinished, `${rotated}.gz`);
  rmSync(rotated);
}

/** Removes the oldest rotated logs and keeps `retain` of them. */
export function removeOldLogs({ logFile, retain }: RotationSettings): void {
  for (const path of rotatedLogs(logFile).slice(0, -retain)) rmSync(path, { force: true });
}

function stem(logFile: string): string {
  return basename(logFile).replace(/\.log$/, '');
}
