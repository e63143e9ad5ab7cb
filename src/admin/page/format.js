import { lang } from './texts.js';

const integers = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(lang, { maximumSignificantDigits: 3 });
const tenths = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const clockFormat = new Intl.DateTimeFormat(lang, { timeStyle: 'medium', hourCycle: 'h23' });
const minuteFormat = new Intl.DateTimeFormat(lang, { timeStyle: 'short', hourCycle: 'h23' });
const dayFormat = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
const DAY_MS = 86_400_000;
const UNITS = lang === 'ru' ? ['Б', 'КиБ', 'МиБ', 'ГиБ', 'ТиБ'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const [MICRO, MILLI, SECOND] = lang === 'ru' ? ['мкс', 'мс', 'с'] : ['µs', 'ms', 's'];
const DAYS = lang === 'ru' ? 'д' : 'd';
/** No-break space: keeps a figure and its unit on one line. */
const GLUE = '\u00a0';

export function count(value) {
  return integers.format(value);
}

/** One digit behind the point below a hundred, whole numbers above. */
export function rate(value) {
  return (value < 100 ? tenths : integers).format(value);
}

export function bytes(value) {
  let unit = 0;
  let amount = value;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? integers.format(amount) : rate(amount)}${GLUE}${UNITS[unit]}`;
}

/** A short time in the unit that fits. */
export function milliseconds(value) {
  if (value === 0) return `0${GLUE}${MILLI}`;
  if (value < 1) return `${short.format(value * 1000)}${GLUE}${MICRO}`;
  return value < 1000 ? `${short.format(value)}${GLUE}${MILLI}` : `${short.format(value / 1000)}${GLUE}${SECOND}`;
}

export function percent(value) {
  return `${rate(value)}${GLUE}%`;
}

/** `01:23:45`, with days in front when there are any. */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const clockPart = parts.map((part) => String(part).padStart(2, '0')).join(':');
  const days = Math.floor(ms / DAY_MS);
  return days > 0 ? `${days}${GLUE}${DAYS} ${clockPart}` : clockPart;
}

/** A point in time: the time of day, with the date unless it is today. */
export function moment(at) {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return (isToday ? clockFormat : dayFormat).format(at);
}

export function clock(at) {
  return clockFormat.format(at);
}

export function hourAndMinute(at) {
  return minuteFormat.format(at);
}
