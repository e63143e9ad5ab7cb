import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { packageFile } from '../host/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  synchronized: { en: '{time}, synchronized over the network', ru: '{time}, часы синхронизируются по сети' },
  unsynchronized: { en: '{time}, not synchronized over the network', ru: '{time}, часы не синхронизируются по сети' },
  synchronize: {
    en: 'sudo timedatectl set-ntp true: a wrong clock breaks certificate checks and log times',
    ru: 'sudo timedatectl set-ntp true: неверные часы нарушают проверку сертификатов и время в логах',
  },
  unknown: { en: '{time}, synchronization state unknown', ru: '{time}, состояние синхронизации неизвестно' },
  beforeBuild: {
    en: '{time} is earlier than the build of this program',
    ru: '{time} — раньше, чем собрана эта программа',
  },
  set: { en: 'Set the clock: sudo timedatectl set-ntp true', ru: 'Установите часы: sudo timedatectl set-ntp true' },
});

const COMMAND_TIMEOUT_MS = 2000;
const DAY_MS = 86_400_000;

export const clockCheck: Check = {
  name: 'clock',
  async run({ lang, now }) {
    const t = messages(lang);
    const time = now.toISOString();
    // npm sets old dates on package files, so this has no false positives
    const builtMs = statSync(packageFile('package.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (now.getTime() < builtMs - DAY_MS) return [fail(t('beforeBuild', { time }), t('set'))];
    const synchronized = await isSynchronized();
    if (synchronized === null) return [ok(t('unknown', { time }))];
    return [synchronized ? ok(t('synchronized', { time })) : warn(t('unsynchronized', { time }), t('synchronize'))];
  },
};

/** NTP state reported by systemd; null without systemd. */
async function isSynchronized(): Promise<boolean | null> {
  try {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', args, { timeout: COMMAND_TIMEOUT_MS });
    return { yes: true, no: false }[stdout.trim()] ?? null;
  } catch {
    return null;
  }
}
