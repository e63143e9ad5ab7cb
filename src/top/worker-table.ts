import type { RouterStatus } from '../telemetry/index.ts';
import { formatBytes, formatMs, formatRate, type Language, type Translate } from '../text/index.ts';
import { type Line, row } from './line.ts';
import type { TopMessage } from './messages.ts';

/** 78 columns in all, with a space between each two. */
const WIDTHS = [20, -11, -8, -7, -10, -10, -6];

/** A row per worker; nothing for a router with one process. */
export function workerTable({ workers }: RouterStatus, t: Translate<TopMessage>, lang: Language): Line[] {
  if (workers === undefined) return [];
  const cells = (...values: string[]): [string, number][] => values.map((value, i) => [value, WIDTHS[i] ?? 0]);
  const head = [t('connections'), t('clients'), t('inPerSecond'), t('eventLoop'), t('memory'), 'CPU'];
  return [
    row(cells(t('workers'), ...head), 'inverse'),
    ...workers.map(
      ({ worker, pid, state, connections, clients, inPerSecond, eventLoopP99Ms, rssBytes, cpuPercent }) => {
        const name = `${worker}  ${pid}${state === 'ready' ? '' : `  ${t(state)}`}`;
        return row(
          cells(
            name,
            String(connections.current),
            String(clients),
            formatRate(inPerSecond),
            formatMs(eventLoopP99Ms, lang),
            formatBytes(rssBytes, lang),
            `${formatRate(cpuPercent)}%`,
          ),
          state === 'ready' ? undefined : 'yellow',
        );
      },
    ),
    [],
  ];
}
