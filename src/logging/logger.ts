import pino from 'pino';
import type { LogDestination } from './log-destination.ts';

/** From most to least verbose. */
export const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical', 'none'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'text' | 'json';
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

const PINO_LEVELS = { debug: 20, info: 30, warning: 40, error: 50, critical: 60 } as const;
type WritingLevel = keyof typeof PINO_LEVELS;

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly destination: LogDestination;
  /** Written with every line, for instance the number of a worker. */
  readonly fields?: LogFields;
  /** Receives every line with its level; for the systemd journal. */
  readonly tap?: (level: WritingLevel, line: string) => void;
  readonly now?: () => Date;
}

/** A repeated cause is logged again after this time, with the number of suppressed lines. */
const SUMMARY_AFTER_MS = 60_000;
/** Limit of remembered causes, because a cause may contain a client id. */
const MAX_CAUSES = 1000;

/**
 * The router's log, based on pino: text lines as in the operator's guide, or JSON. External values are escaped, so that a
 * client name cannot forge a line.
 */
export class Logger {
  private readonly pino: pino.Logger<WritingLevel>;
  private readonly options: LoggerOptions;
  private destination: LogDestination;
  /** Whether debug lines are written; a plain field, because it is read for every message. */
  isDebug = false;
  private configuredLevel: LogLevel;
  private debugForced = false;
  private lostBefore = 0;
  /** Lines written since the start, by level. */
  readonly linesByLevel: Record<WritingLevel, number> = { debug: 0, info: 0, warning: 0, error: 0, critical: 0 };
  private readonly times = new LocalTimeCache();
  private readonly causes = new Map<string, { since: number; suppressed: number }>();

  constructor(options: LoggerOptions) {
    this.options = options;
    this.destination = options.destination;
    this.configuredLevel = options.level;
    this.pino = pino<WritingLevel>(
      {
        customLevels: PINO_LEVELS,
        useOnlyCustomLevels: true,
        level: pinoLevel(options.level) as WritingLevel,
        base: options.fields ?? null,
        timestamp: () => `,"time":"${this.now().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (json: string) => this.emit(json) },
    );
    this.applyLevel();
  }

  debug(message: string, fields?: LogFields): void {
    this.pino.debug(fields ?? {}, message);
  }
  info(message: string, fields?: LogFields): void {
    this.pino.info(fields ?? {}, message);
  }
  warning(message: string, fields?: LogFields): void {
    this.pino.warning(fields ?? {}, message);
  }
  error(message: string, fields?: LogFields): void {
    this.pino.error(fields ?? {}, message);
  }
  critical(message: string, fields?: LogFields): void {
    this.pino.critical(fields ?? {}, message);
  }

  /** Logs the first occurrence of `cause` as a warning, then counts, and logs again at most once a minute. */
  warnOnce(cause: string, message: string, fields?: LogFields): void {
    const now = this.now().getTime();
    const known = this.causes.get(cause);
    if (known !== undefined && now - known.since < SUMMARY_AFTER_MS) {
      known.suppressed++;
      return;
    }
    const suppressed = known?.suppressed ?? 0;
    if (this.causes.size >= MAX_CAUSES) this.causes.clear();
    this.causes.set(cause, { since: now, suppressed: 0 });
    this.warning(message, suppressed === 0 ? fields : { ...fields, suppressed });
  }

  /** Passes on a complete line that another process has formatted. */
  forward(line: string): void {
    this.destination.write(line);
  }

  /** A line without a level, for the banner; not written at level `none`. */
  plain(text: string): void {
    if (this.configuredLevel === 'none') return;
    if (this.options.format === 'json') this.info(text);
    else this.writeLine('info', `${this.times.format(this.now())}: ${text}\n`);
  }

  get level(): LogLevel {
    return this.debugForced ? 'debug' : this.configuredLevel;
  }

  set level(level: LogLevel) {
    this.configuredLevel = level;
    this.applyLevel();
  }

  /** Switches between level debug and the configured level; returns whether debug is on. */
  toggleDebug(): boolean {
    this.debugForced = !this.debugForced;
    this.applyLevel();
    return this.debugForced;
  }

  /** Closes the current destination and switches to `destination`. */
  replaceDestination(destination: LogDestination): void {
    this.lostBefore += this.destination.linesLost;
    this.destination.close();
    this.destination = destination;
  }

  reopen(): void {
    this.destination.reopen();
  }

  /** Lines lost since the start. */
  get linesLost(): number {
    return this.lostBefore + this.destination.linesLost;
  }

  private applyLevel(): void {
    this.pino.level = pinoLevel(this.level);
    this.isDebug = this.level === 'debug';
  }

  private now(): Date {
    return this.options.now?.() ?? new Date();
  }

  private emit(json: string): void {
    if (this.options.format === 'json') {
      this.writeLine(json.slice(LEVEL_AT, json.indexOf('"', LEVEL_AT)) as WritingLevel, json);
    } else {
      const record = JSON.parse(json) as LogRecord;
      this.writeLine(record.level, textLine(record, this.times.format(new Date(record.time))));
    }
  }

  private writeLine(level: WritingLevel, line: string): void {
    this.linesByLevel[level]++;
    this.destination.write(line);
    this.options.tap?.(level, line);
  }
}

/** A warning in the format of the log about `lines` lost lines before it. */
export function lostLinesNotice(format: LogFormat, lines: number): string {
  const record = {
    level: 'warning',
    time: new Date().toISOString(),
    lines,
    msg: 'Log lines before this one could not be written',
  };
  return format === 'json' ? `${JSON.stringify(record)}\n` : textLine(record as LogRecord, localTime(new Date()));
}

interface LogRecord {
  readonly level: WritingLevel;
  readonly time: string;
  readonly msg: string;
}

/** Position of the level in pino's lines. */
const LEVEL_AT = '{"level":"'.length;

function pinoLevel(level: LogLevel): string {
  return level === 'none' ? 'silent' : level;
}

/** Formats local times and caches the last one, because many lines fall into the same second. */
class LocalTimeCache {
  private second = Number.NaN;
  private text = '';

  format(date: Date): string {
    const second = Math.floor(date.getTime() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.text = localTime(date);
    }
    return this.text;
  }
}

/** `2025-06-14T21:30:15`, in local time. */
function localTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function textLine({ level, time: _, msg, ...fields }: LogRecord, time: string): string {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${quoted(value)}`);
  return `${time}: [${level.toUpperCase()}] ${escaped(msg)}${pairs.join('')}\n`;
}

function quoted(value: unknown): string {
  const text = String(value);
  if (/^[^\s="\\]+$/.test(text) && escaped(text) === text) return text;
  return escaped(JSON.stringify(text));
}

/** Escapes control characters and line separators. */
function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
