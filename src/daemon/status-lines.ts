import type { RouterStatus } from '../telemetry/index.ts';
import type { Language, Translate } from '../text/index.ts';
import type { DaemonMessage } from './command.ts';
import { startedBy } from './not-running.ts';
import { formatPort } from './ports.ts';
import type { DaemonReport } from './status-report.ts';

type Say = Translate<DaemonMessage>;

/** The lines of `--daemon-status`, those of the operator's guide first. */
export function statusLines(report: DaemonReport, say: Say, lang: Language = 'en'): string[] {
  const head = headLine(report, say);
  // one that PM2 has given up has left its reason in the log
  if (report.state === 'notRunning' && report.pm2 === null) return [head];
  const cause = report.cause === null ? [] : [say('cause', { cause: report.cause })];
  const lines = [
    head,
    ...ownerLines(report, say),
    ...cause,
    say('pidFile', { path: report.pidFile }),
    say('log', { path: report.logFile }),
  ];
  return [...lines, ...logLines(report, say), ...processLines(report, say), ...routerLines(report.router, say, lang)];
}

function headLine({ state, pid, controlSocket, restarts }: DaemonReport, say: Say): string {
  if (state === 'running') return say('running', { pid: pid ?? '' });
  if (state === 'notAnswering') return say('notAnswering', { pid: pid ?? '', socket: controlSocket });
  return state === 'respawning' ? say('respawning', { count: restarts ?? 0 }) : say('notRunning');
}

function ownerLines({ owner }: DaemonReport, say: Say): string[] {
  if (owner === null) return [];
  const by = startedBy({ say }, owner);
  return [say('owner', { user: owner.user, by }), say('hintCommand', { command: owner.command })];
}

function logLines({ logSizeBytes, logModifiedAt, lastLogLines }: DaemonReport, say: Say): string[] {
  if (logSizeBytes === null || logModifiedAt === null) return [say('logMissing')];
  const about = [
    say('logSize', { size: formatBytes(logSizeBytes, ' ') }),
    say('logModified', { time: formatTime(logModifiedAt) }),
  ];
  return lastLogLines.length === 0 ? about : [...about, say('lastLines'), ...lastLogLines.map((line) => `   ${line}`)];
}

function processLines(report: DaemonReport, say: Say): string[] {
  const { memoryBytes, uptimeMs, ports, restarts, cpuPercent, pm2, pid, owner } = report;
  const lines: string[] = [];
  if (memoryBytes !== null) lines.push(say('memory', { size: formatBytes(memoryBytes, '') }));
  if (uptimeMs !== null) lines.push(say('uptime', { time: formatDuration(uptimeMs) }));
  if (ports.length > 0) lines.push(say('ports'), ...ports.map((port) => `   • ${formatPort(port)}`));
  if (restarts !== null) lines.push(say('restarts', { count: restarts }));
  if (cpuPercent !== null) lines.push(say('cpu', { percent: cpuPercent.toFixed(1) }));
  if (pm2 === null && pid !== null && !owner?.pm2Home) lines.push(say('unsupervised'));
  return lines;
}

function routerLines(router: RouterStatus | null, say: Say, lang: Language): string[] {
  if (router === null) return [];
  const { connections, clients, version, reload, state } = router;
  const lines = [
    say('connections', { current: connections.current, max: connections.max }),
    say('clients', { count: clients.current }),
    say('version', { version }),
    reloadLine(reload, say, lang),
  ];
  return state === 'draining' ? [...lines, say('draining')] : lines;
}

function reloadLine(reload: RouterStatus['reload'], say: Say, lang: Language): string {
  const { outcome, lastAt, changes } = reload;
  const errors = lang === 'ru' ? reload.errorsRu : reload.errors;
  const time = formatTime(lastAt ?? 0);
  if (outcome === 'applied') return say('reloadApplied', { time, count: changes.length });
  if (outcome === 'unchanged') return say('reloadUnchanged', { time });
  return outcome === 'refused' ? say('reloadRefused', { time, reason: errors.join('; ') }) : say('reloadNever');
}

/** `1.2 MB`, as the guide prints it; `gap` stands between number and unit. */
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

/** `01:23:45`, and `3-01:23:45` after three days, as ps has it. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${days}-${time}` : time;
}
