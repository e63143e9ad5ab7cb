import type { RouterStatus } from '../telemetry/index.ts';
import { formatDuration, formatRate, type Language, type Translate } from '../text/index.ts';
import { type Line, row, span } from './line.ts';
import type { TopMessage } from './messages.ts';

interface TableOptions {
  readonly t: Translate<TopMessage>;
  readonly lang: Language;
  readonly columns: number;
}

const LEFT_WIDTH = 46;
const MAX_ROWS = 10;

/** Two columns: messages by type and groups, errors and recent disconnects. One column on narrow terminals. */
export function tables(status: RouterStatus, options: TableOptions): Line[] {
  const left = [typeTable(status, options), groupTable(status, options)];
  const right = [errorTable(status, options), closedTable(status, options)];
  if (options.columns < LEFT_WIDTH * 2) return [...left, ...right].flatMap((table) => [...table, []]);
  return left.flatMap((table, i) => [...beside(table, right[i] ?? []), []]);
}

/** Joins two blocks side by side. */
function beside(left: readonly Line[], right: readonly Line[]): Line[] {
  const height = Math.max(left.length, right.length);
  return Array.from({ length: height }, (_, i) => {
    const line = left[i] ?? [];
    const width = line.reduce((sum, { text }) => sum + [...text].length, 0);
    return [...line, span(' '.repeat(Math.max(0, LEFT_WIDTH - width))), ...(right[i] ?? [])];
  });
}

function typeTable({ messages }: RouterStatus, { t }: TableOptions): Line[] {
  const { inByType, outByType, inPerSecondByType } = messages;
  const types = [...new Set([...Object.keys(inByType), ...Object.keys(outByType)])];
  const cells = (type: string, ...numbers: string[]): [string, number][] => [
    [type, 14],
    ...numbers.map((number): [string, number] => [number, -9]),
  ];
  return [
    row(cells(t('type'), t('inPerSecond'), t('inTotal'), t('outTotal')), 'inverse'),
    ...types.map((type) =>
      row(
        cells(
          type,
          formatRate(inPerSecondByType[type] ?? 0),
          String(inByType[type] ?? 0),
          String(outByType[type] ?? 0),
        ),
      ),
    ),
  ];
}

function errorTable({ messages, connections, authFailures, queues }: RouterStatus, { t }: TableOptions): Line[] {
  const { slowReaders } = queues;
  const counts = Object.entries({ ...messages.dropped, ...connections.refused, authFailures, slowReaders })
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const cells = (reason: string, count: string): [string, number][] => [
    [reason, 32],
    [count, -9],
  ];
  return [
    row(cells(t('errors'), ''), 'inverse'),
    ...counts.slice(0, MAX_ROWS).map(([reason, count]) => row(cells(reason, String(count)))),
  ];
}

function groupTable({ clients }: RouterStatus, { t }: TableOptions): Line[] {
  const cells = (group: string, members: string): [string, number][] => [
    [group, 34],
    [members, -9],
  ];
  return [
    row(cells(t('groups'), ''), 'inverse'),
    ...clients.byGroup.slice(0, MAX_ROWS).map(({ group, members }) => row(cells(group, String(members)))),
  ];
}

/** Client names are present only with `--status-page-clients`. */
function closedTable({ recentlyClosed }: RouterStatus, { t, lang }: TableOptions): Line[] {
  const cells = (time: string, reason: string, connected: string, name: string): [string, number][] => [
    [time, 8],
    [reason, 22],
    [connected, -10],
    [name, 24],
  ];
  return [
    row([[t('closed'), 42]], 'inverse'),
    ...recentlyClosed.slice(0, MAX_ROWS).map(({ at, reason, connectedMs, clientName, clientId }) => {
      const time = new Date(at).toTimeString().slice(0, 8);
      return row(cells(time, reason, formatDuration(connectedMs, lang), clientName ?? clientId ?? ''));
    }),
  ];
}
