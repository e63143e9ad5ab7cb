import type { RouterStatus } from '../telemetry/index.ts';
import type { Language, Translate } from '../text/index.ts';
import type { DaemonMessage } from './command.ts';
import { describeOwner } from './not-running.ts';
import { formatPort } from './open-ports.ts';
import { formatBytes, formatDuration, formatTime } from './status-format.ts';
import type { DaemonReport } from './status-report.ts';
import { workerLines } from './worker-lines.ts';

type T = Translate<DaemonMessage>;

/** The lines of `--daemon-status`; the lines of the operator's guide come first. */
export function statusLines(report: DaemonReport, t: T, lang: Language = 'en'): string[] {
  const head = headLine(report, t);
  // a router that PM2 no longer restarts still has its reason in the log
  if (report.state === 'notRunning' && report.pm2 === null) return [head];
  const cause = report.cause === null ? [] : [t('cause', { cause: report.cause })];
  const lines = [
    head,
    ...ownerLines(report, t),
    ...cause,
    t('pidFile', { path: report.pidFile }),
    t('log', { path: report.logFile }),
  ];
  return [...lines, ...logLines(report, t), ...processLines(report, t), ...routerLines(report.router, t, lang)];
}

function headLine({ state, pid, controlSocket, restarts }: DaemonReport, t: T): string {
  if (state === 'running') return t('running', { pid: pid ?? '' });
  if (state === 'notAnswering') return t('notAnswering', { pid: pid ?? '', socket: controlSocket });
  return state === 'respawning' ? t('respawning', { count: restarts ?? 0 }) : t('notRunning');
}

function ownerLines({ owner }: DaemonReport, t: T): string[] {
  if (owner === null) return [];
  const by = describeOwner({ t }, owner);
  return [t('owner', { user: owner.user, by }), t('hintCommand', { command: owner.command })];
}

function logLines({ logSizeBytes, logModifiedAt, lastLogLines }: DaemonReport, t: T): string[] {
  if (logSizeBytes === null || logModifiedAt === null) return [t('logMissing')];
  const about = [
    t('logSize', { size: formatBytes(logSizeBytes, ' ') }),
    t('logModified', { time: formatTime(logModifiedAt) }),
  ];
  return lastLogLines.length === 0 ? about : [...about, t('lastLines'), ...lastLogLines.map((line) => `   ${line}`)];
}

function processLines(report: DaemonReport, t: T): string[] {
  const { memoryBytes, uptimeMs, ports, restarts, cpuPercent, pm2, pid, owner } = report;
  const lines: string[] = [];
  if (memoryBytes !== null) lines.push(t('memory', { size: formatBytes(memoryBytes, '') }));
  if (uptimeMs !== null) lines.push(t('uptime', { time: formatDuration(uptimeMs) }));
  if (ports.length > 0) lines.push(t('ports'), ...ports.map((port) => `   • ${formatPort(port)}`));
  if (restarts !== null) lines.push(t('restarts', { count: restarts }));
  if (cpuPercent !== null) lines.push(t('cpu', { percent: cpuPercent.toFixed(1) }));
  if (pm2 === null && pid !== null && !owner?.pm2Home) lines.push(t('unsupervised'));
  return lines;
}

function routerLines(router: RouterStatus | null, t: T, lang: Language): string[] {
  if (router === null) return [];
  const { connections, clients, version, reload, state } = router;
  const lines = [
    t('connections', { current: connections.current, max: connections.max }),
    t('clients', { count: clients.current }),
    ...workerLines(router, t),
    t('version', { version }),
    reloadLine(reload, t, lang),
  ];
  return state === 'draining' ? [...lines, t('draining')] : lines;
}

function reloadLine(reload: RouterStatus['reload'], t: T, lang: Language): string {
  const { outcome, lastAt, changes } = reload;
  const errors = lang === 'ru' ? reload.errorsRu : reload.errors;
  const time = formatTime(lastAt ?? 0);
  if (outcome === 'applied') return t('reloadApplied', { time, count: changes.length });
  if (outcome === 'unchanged') return t('reloadUnchanged', { time });
  return outcome === 'refused' ? t('reloadRefused', { time, reason: errors.join('; ') }) : t('reloadNever');
}
