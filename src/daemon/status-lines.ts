import type { RouterStatus } from '../telemetry/index.ts';
import type { Language, Translate } from '../text/index.ts';
import type { DaemonMessage } from './command.ts';
import { describeOwner } from './not-running.ts';
import { formatPort } from './open-ports.ts';
import type { DaemonReport } from './status-report.ts';

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

/** `1.2 MB`, as in the operator's guide; `gap` separates number and unit. */
export function formatBytes(bytes: number, gap: string): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)}${gap}${units[power]}`;
}

/** `2025-06-14 21:30:15`, local time. */
export function formatTime(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `01:23:45`, and `3-01:23:45` after three days, as in ps. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${days}-${time}` : time;
}
