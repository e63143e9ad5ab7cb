import { decodeValue, type Encodable, encode } from '../wire/index.ts';
import { ENVELOPE_VERSION, OLDEST_VERSION } from './envelope.ts';

/** `hello` asks all others to announce themselves at once. */
export type AnnouncementKind = 'hello' | 'heartbeat' | 'bye';

/** A node, as it announces itself each second. */
export interface Announcement {
  readonly kind: AnnouncementKind;
  readonly instance: string;
  readonly label: string;
  readonly tag: number;
  /** Version of the program. */
  readonly release: string;
  /** Versions of the envelope that the node understands. */
  readonly oldestVersion: number;
  readonly newestVersion: number;
  /** Start and current time, milliseconds since the epoch. */
  readonly startedAt: number;
  readonly now: number;
  /** State of the node's directory. */
  readonly directoryVersion: number;
  readonly digest: number;
  readonly clients: number;
  readonly byNamespace: Readonly<Record<string, NodeStatistics>>;
}

/** Statistics of one node for `routerStats`. */
export interface NodeStatistics {
  readonly messagesPerSecond: number;
  readonly messageTypeCounts: Readonly<Record<string, number>>;
}

export function encodeAnnouncement(announcement: Omit<Announcement, 'oldestVersion' | 'newestVersion'>): Buffer {
  return encode({
    ...announcement,
    byNamespace: Object.fromEntries(
      Object.entries(announcement.byNamespace).map(([name, statistics]) => [name, toEncodable(statistics)]),
    ),
    oldestVersion: OLDEST_VERSION,
    newestVersion: ENVELOPE_VERSION,
  });
}

/** Null when the bytes are no announcement. Unknown keys are ignored, so that later releases can add some. */
export function decodeAnnouncement(bytes: Buffer): Announcement | null {
  const map = decodeValue(bytes);
  if (!(map instanceof Map)) return null;
  const kind = map.get('kind');
  const instance = map.get('instance');
  const tag = map.get('tag');
  if (kind !== 'hello' && kind !== 'heartbeat' && kind !== 'bye') return null;
  if (typeof instance !== 'string' || typeof tag !== 'number') return null;
  const number = (key: string): number => numberOf(map.get(key));
  const text = (key: string): string => String(map.get(key) ?? '');
  return {
    kind,
    instance,
    tag,
    label: text('label'),
    release: text('release'),
    oldestVersion: number('oldestVersion'),
    newestVersion: number('newestVersion'),
    startedAt: number('startedAt'),
    now: number('now'),
    directoryVersion: number('directoryVersion'),
    digest: number('digest'),
    clients: number('clients'),
    byNamespace: Object.fromEntries(
      entriesOf(map.get('byNamespace')).map(([name, value]) => [name, statisticsOf(value)]),
    ),
  };
}

function toEncodable({ messagesPerSecond, messageTypeCounts }: NodeStatistics): Encodable {
  return { messagesPerSecond, messageTypeCounts: { ...messageTypeCounts } };
}

function statisticsOf(value: unknown): NodeStatistics {
  const map = value instanceof Map ? value : new Map<string, unknown>();
  return {
    messagesPerSecond: numberOf(map.get('messagesPerSecond')),
    messageTypeCounts: Object.fromEntries(
      entriesOf(map.get('messageTypeCounts')).map(([type, count]) => [type, numberOf(count)]),
    ),
  };
}

function entriesOf(value: unknown): (readonly [string, unknown])[] {
  return value instanceof Map ? [...value].map(([key, item]) => [String(key), item] as const) : [];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
