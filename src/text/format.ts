import type { Language } from './text.ts';

const BYTE_UNITS = { en: ['B', 'KiB', 'MiB', 'GiB', 'TiB'], ru: ['Б', 'КиБ', 'МиБ', 'ГиБ', 'ТиБ'] } as const;
const TIME_UNITS = { en: ['µs', 'ms', 's'], ru: ['мкс', 'мс', 'с'] } as const;
const DAYS = { en: 'd', ru: 'д' } as const;
const DAY_MS = 86_400_000;

/** `1.5 GiB`. */
export function formatBytes(bytes: number, lang: Language): string {
  const units = BYTE_UNITS[lang];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** A short duration with three significant digits: `342 µs`, `2.44 ms`, `1.07 s`. */
export function formatMs(ms: number, lang: Language): string {
  const [micro, milli, second] = TIME_UNITS[lang];
  if (ms > 0 && ms < 1) return `${threeDigits(ms * 1000)} ${micro}`;
  return ms < 1000 ? `${threeDigits(ms)} ${milli}` : `${threeDigits(ms / 1000)} ${second}`;
}

/** `01:23:45`, or `2d 01:23:45` from one day on. */
export function formatDuration(ms: number, lang: Language): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':');
  const days = Math.floor(ms / DAY_MS);
  return days > 0 ? `${days}${DAYS[lang]} ${clock}` : clock;
}

/** One decimal below 100, integers from 100 on. */
export function formatRate(value: number): string {
  return value < 100 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

function threeDigits(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
