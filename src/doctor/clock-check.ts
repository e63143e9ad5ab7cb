import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { defineMessages } from '../text/index.ts';
import { type Check, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  synchronized: { en: '{time}, kept right over the network', ru: '{time}, синхронизируются по сети' },
  alone: { en: '{time}, not kept right over the network', ru: '{time}, не синхронизируются по сети' },
  synchronize: {
    en: 'sudo timedatectl set-ntp true: wrong clocks make certificates and logs hard to trust',
    ru: 'sudo timedatectl set-ntp true: из-за неверных часов сертификатам и логам нельзя доверять',
  },
  unknown: { en: '{time}; whether it is kept right cannot be told here', ru: '{time}; синхронизацию здесь не узнать' },
  past: { en: '{time} is before this program was made', ru: '{time} — раньше, чем создана эта программа' },
  set: { en: 'Set the clock: sudo timedatectl set-ntp true', ru: 'Установите часы: sudo timedatectl set-ntp true' },
});

const COMMAND_TIMEOUT_MS = 2000;
const DAY_MS = 86_400_000;

export const clockCheck: Check = {
  name: 'clock',
  async run({ lang, now }) {
    const t = messages(lang);
    const time = now.toISOString();
    // npm gives files of packages a date of long ago: this never complains without cause
    const made = statSync(new URL('../../package.json', import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (now.getTime() < made - DAY_MS) return [fail(t('past', { time }), t('set'))];
    const answer = await isSynchronized();
    if (answer === null) return [ok(t('unknown', { time }))];
    return [answer ? ok(t('synchronized', { time })) : warn(t('alone', { time }), t('synchronize'))];
  },
};

/** What systemd knows of it; null without systemd. */
async function isSynchronized(): Promise<boolean | null> {
  try {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', args, { timeout: COMMAND_TIMEOUT_MS });
    return { yes: true, no: false }[stdout.trim()] ?? null;
  } catch {
    return null;
  }
}
