import type { RouterStatus, WorkerStatus } from '../telemetry/index.ts';
import type { Translate } from '../text/index.ts';
import type { DaemonMessage } from './command.ts';
import { formatBytes } from './status-format.ts';

/** Lines of `--daemon-status` about the workers; none for a router with one process. */
export function workerLines({ workers }: Pick<RouterStatus, 'workers'>, t: Translate<DaemonMessage>): string[] {
  if (workers === undefined) return [];
  return [t('workers', { count: workers.length }), ...workers.map((worker) => `   • ${workerLine(worker, t)}`)];
}

function workerLine(
  { worker, pid, state, connections, clients, rssBytes, cpuPercent }: WorkerStatus,
  t: Translate<DaemonMessage>,
): string {
  if (state === 'starting') return t('workerStarting', { worker });
  const line = t('worker', {
    ...{ worker, pid, clients },
    current: connections.current,
    max: connections.max,
    size: formatBytes(rssBytes, ''),
    percent: cpuPercent.toFixed(1),
  });
  return state === 'draining' ? `${line}, ${t('workerDraining')}` : line;
}
