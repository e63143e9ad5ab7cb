import { type CommandContext, EXIT } from '../cli/index.ts';
import { processMemoryBytes, processUptimeMs } from '../host/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { causeIn } from './cause.ts';
import type { FoundDaemon } from './find-daemon.ts';
import { lastLines, logStats } from './log-file.ts';
import { commandFor, type Owner } from './owner.ts';
import { type OpenPort, openPorts } from './ports.ts';
import type { ProcessStatus } from './supervisor.ts';

const LAST_LINES = 3;

export type DaemonState = 'running' | 'notAnswering' | 'respawning' | 'notRunning';

/** The document of `--daemon-status --json`. Keys are stable; additions are not a break. */
export interface DaemonReport {
  readonly name: string;
  readonly state: DaemonState;
  /** True when there is a process, whether it answers or not. */
  readonly running: boolean;
  readonly pid: number | null;
  readonly pidFile: string;
  readonly controlSocket: string;
  readonly logFile: string;
  readonly logSizeBytes: number | null;
  /** Milliseconds since 1970, as all times here. */
  readonly logModifiedAt: number | null;
  readonly lastLogLines: readonly string[];
  readonly memoryBytes: number | null;
  readonly cpuPercent: number | null;
  readonly uptimeMs: number | null;
  /** TCP ports that the process listens on, as the kernel has them. */
  readonly ports: readonly OpenPort[];
  /** Restarts by PM2; null when PM2 does not supervise it. */
  readonly restarts: number | null;
  readonly pm2: { readonly status: ProcessStatus; readonly version: string } | null;
  /** Under whom it runs, when that is not this PM2 home; how to command it is with it. */
  readonly owner: (Owner & { readonly command: string }) | null;
  /** Why it does not stay up, or why PM2 has given it up; null when it runs, and when nothing says it. */
  readonly cause: string | null;
  /** What the router says of itself, as `/api/status`; null when it does not answer. */
  readonly router: RouterStatus | null;
}

/** Everything about a daemon that can be seen from outside, and what it says of itself. */
export function reportDaemon(
  { config, env, lang }: Pick<CommandContext, 'config' | 'env' | 'lang'>,
  found: FoundDaemon,
  pm2Version: string | null,
): DaemonReport {
  const { name } = config;
  const { pid, places, status, supervised } = found;
  const log = logStats(places.logFile);
  return {
    name,
    state: stateOf(found),
    running: pid !== null,
    pid,
    pidFile: places.pidFile,
    controlSocket: places.controlSocket,
    logFile: places.logFile,
    logSizeBytes: log?.sizeBytes ?? null,
    logModifiedAt: log === null ? null : Math.round(log.modifiedAt),
    lastLogLines: lastLines(places.logFile, LAST_LINES),
    memoryBytes: pid === null ? null : processMemoryBytes(pid),
    cpuPercent: pid === null ? null : (supervised?.cpuPercent ?? status?.cpu.percent ?? null),
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
    cause: hasFailed(found) ? causeIn(env, places.logFile, lang) : null,
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
