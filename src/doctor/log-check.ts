import { type Stats, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineMessages, formatBytes } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  none: { en: '{path}: no log yet', ru: '{path}: лога пока нет' },
  hidden: { en: '{path}: no permission', ru: '{path}: нет прав доступа' },
  size: { en: '{path}: {size}', ru: '{path}: {size}' },
  big: {
    en: '{path}: {size} exceeds log-max-size {max}: rotation does not work',
    ru: '{path}: {size}, больше log-max-size {max}: ротация не работает',
  },
  rotate: {
    en: 'Restart the daemon without --no-log-rotation; in the foreground use logrotate and kill -HUP',
    ru: 'Перезапустите daemon без --no-log-rotation; на переднем плане используйте logrotate и kill -HUP',
  },
  room: { en: '{folder}: {free} free', ru: '{folder}: свободно {free}' },
  little: { en: '{folder}: only {free} free', ru: '{folder}: свободно всего {free}' },
  full: { en: '{folder}: the disk is full', ru: '{folder}: диск заполнен' },
  noFiles: { en: '{folder}: no free inodes for new files', ru: '{folder}: нет свободных inode для новых файлов' },
  makeRoom: {
    en: 'Free space: du -xh {folder} | sort -h | tail; lower --log-retain',
    ru: 'Освободите место: du -xh {folder} | sort -h | tail; уменьшите --log-retain',
  },
});

/** Rotation checks the size periodically, so a log may exceed the limit. */
const ROTATION_SLACK = 2;
const MIB = 1024 * 1024;
const LOW_DISK_BYTES = 500 * MIB;
const FULL_DISK_BYTES = 20 * MIB;

export const logCheck: Check = {
  name: 'log',
  run({ daemon, config, lang }) {
    const t = messages(lang);
    const path = daemon.paths.logFile;
    const stats = statOf(path);
    if (stats === 'hidden') return [ok(t('hidden', { path }))];
    if (stats === undefined) return [ok(t('none', { path }))];
    const params = { path, size: formatBytes(stats.size, lang), max: formatBytes(config.logMaxSize, lang) };
    if (stats.size <= config.logMaxSize * ROTATION_SLACK) return [ok(t('size', params))];
    return [warn(t('big', params), t('rotate'))];
  },
};

function statOf(path: string): Stats | undefined | 'hidden' {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return 'hidden';
  }
}

/** Free space in the folders of the log and the PID file. */
export const diskCheck: Check = {
  name: 'disk',
  run(context) {
    const { logFile, pidFile } = context.daemon.paths;
    const folders = new Set([logFile, pidFile].map((path) => dirname(path)));
    return [...folders].flatMap((folder) => checkFolder(folder, context));
  },
};

function checkFolder(folder: string, { lang }: DoctorContext): Finding[] {
  const t = messages(lang);
  const advice = t('makeRoom', { folder });
  let disk: ReturnType<typeof statfsSync>;
  try {
    disk = statfsSync(folder);
  } catch {
    return []; // reported by the permissions check
  }
  const freeBytes = disk.bavail * disk.bsize;
  const params = { folder, free: formatBytes(freeBytes, lang) };
  if (freeBytes < FULL_DISK_BYTES) return [fail(t('full', params), advice)];
  if (disk.files > 0 && disk.ffree === 0) return [fail(t('noFiles', params), advice)];
  return [freeBytes < LOW_DISK_BYTES ? warn(t('little', params), advice) : ok(t('room', params))];
}
