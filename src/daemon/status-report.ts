import { type CommandContext, EXIT } from '../cli/index.ts';
import { processMemoryBytes, processUptimeMs } from '../host/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { findFailureReason } from './failure-reason.ts';
import type { FoundDaemon } from './find-daemon.ts';
import { lastLines, logStats } from './log-file.ts';
import { type OpenPort, openPorts } from './open-ports.ts';
import { commandFor, type RouterOwner } from './router-owner.ts';
import type { ProcessStatus } from './supervisor.ts';

const LAST_LINES = 3;

export type DaemonState = 'running' | 'notAnswering' | 'respawning' | 'notRunning';

/** The document of `--daemon-status --json`. Keys are stable; additions are not a break. */
export interface DaemonReport {
  readonly name: string;
  readonly state: DaemonState;
  /** True if the process exists, even if it does not respond. */
  readonly running: boolean;
  readonly pid: number | null;
  readonly pidFile: string;
  readonly controlSocket: string;
  readonly logFile: string;
  readonly logSizeBytes: number | null;
  /** Milliseconds since 1970. */
  readonly logModifiedAt: number | null;
  readonly lastLogLines: readonly string[];
  readonly memoryBytes: number | null;
  readonly cpuPercent: number | null;
  readonly uptimeMs: number | null;
  /** TCP ports that the process listens on, according to the kernel. */
  readonly ports: readonly OpenPort[];
  /** Restarts by PM2; null if PM2 does not supervise the router. */
  readonly restarts: number | null;
  readonly pm2: { readonly status: ProcessStatus; readonly version: string } | null;
  /** Owner of a router outside this PM2 home, with the shell command that controls it. */
  readonly owner: (RouterOwner & { readonly command: string }) | null;
  /** Reason for repeated restarts or a final exit; null if the router runs or the reason is unknown. */
  readonly cause: string | null;
  /** Status document of the router (`/api/status`); null if it does not respond. */
  readonly router: RouterStatus | null;
}

/** Combines the state of a daemon as seen from outside with its status document. */
export function reportDaemon(
  { config, env, lang }: Pick<CommandContext, 'config' | 'env' | 'lang'>,
  found: FoundDaemon,
  pm2Version: string | null,
): DaemonReport {
  const { name } = config;
  const { pid, paths, status, supervised } = found;
  // with workers, the process with the pid is only one of several
  const ofWorkers = status?.workers === undefined ? null : status;
  const log = logStats(paths.logFile);
  return {
    name,
    state: stateOf(found),
    running: pid !== null,
    pid,
    pidFile: paths.pidFile,
    controlSocket: paths.controlSocket,
    logFile: paths.logFile,
    logSizeBytes: log?.sizeBytes ?? null,
    logModifiedAt: log === null ? null : Math.round(log.modifiedAt),
    lastLogLines: lastLines(paths.logFile, LAST_LINES),
    memoryBytes: pid === null ? null : (ofWorkers?.memory.rssBytes ?? processMemoryBytes(pid)),
    cpuPercent: pid === null ? null : (ofWorkers?.cpu.percent ?? supervised?.cpuPercent ?? status?.cpu.percent ?? null),
    uptimeMs: pid === null ? null : processUptimeMs(pid),
    ports:
      pid === null
        ? []
        : openPorts(
            pid,
            status?.listening.map(({ port }) => port),
          ),
    restarts: supervised?.restarts ?? null,
    pm2: supervised === null || pm2Version === null ? null : { status: supervised.status, version: pm2Version },
    owner: found.other === null ? null : { ...found.other.owner, command: commandFor(found.other, 'stop') },
    cause: hasFailed(found) ? findFailureReason(env, paths.logFile, lang) : null,
    router: status,
  };
}

/** False for a router that was stopped on purpose. */
function hasFailed({ pid, supervised }: FoundDaemon): boolean {
  return pid === null && supervised !== null && supervised.exitCode !== EXIT.stopped;
}

function stateOf({ pid, status, supervised }: FoundDaemon): DaemonState {
  if (pid !== null) return status === null ? 'notAnswering' : 'running';
  return supervised?.status === 'waiting' || supervised?.status === 'launching' ? 'respawning' : 'notRunning';
}
