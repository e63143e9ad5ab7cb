import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, fetchStatus } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { readPid } from '../host/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { appDefinition, type LaunchEnvironment } from './app-definition.ts';
import type { DaemonCommand } from './command.ts';
import type { DaemonPaths } from './daemon-paths.ts';
import { foldersWithoutSpace } from './disk-space.ts';
import { failureReasonIn, pm2LogFile, spawnErrorIn } from './failure-reason.ts';
import { lastLines, logStats, prepareLogFile } from './log-file.ts';
import { optionsFile, readOptions, removeOptions, writeOptions } from './options-file.ts';
import { chooseRotator } from './rotation.ts';
import type { ProcessSupervisor, SupervisedProcess } from './supervisor.ts';

/** Time limit from the launch until the router listens. */
const START_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 50;
const STATUS_TIMEOUT_MS = 1000;
/** PM2 writes the last log lines of a process shortly after its end. */
const LOG_FLUSH_DELAY_MS = 300;
const MAX_REPORTED_LINES = 10;
const SCANNED_LINES = 60;

/** `launch` decides which program rotates the log. */
export type StartEnvironment = Omit<LaunchEnvironment, 'rotates'>;

export type LaunchOutcome =
  | { readonly ok: true; readonly status: RouterStatus }
  | {
      readonly ok: false;
      readonly reason: string;
      readonly lines: readonly string[];
      readonly isConfigurationError: boolean;
    };

/**
 * Starts a router under PM2 and waits until the router itself reports ready: PM2 reports a process online as soon as it
 * exists. A failed start leaves only its log behind.
 */
export async function launch(
  command: DaemonCommand,
  config: RouterConfig,
  paths: DaemonPaths,
  options: readonly string[],
  environment: StartEnvironment,
): Promise<LaunchOutcome> {
  const { env } = command.context;
  prepareLogFile(paths.logFile);
  const supervisor = await command.supervisor();
  const logEnds: LogEnds = { routerBytes: sizeOf(paths.logFile), pm2Bytes: sizeOf(pm2LogFile(env)) };
  const before = readOptions(env, config.name);
  writeOptions(env, config.name, options);
  const undo = (): Promise<void> => undoStart(command, supervisor, config.name, paths, before);
  const file = `--options-file=${optionsFile(env, config.name)}`;
  let outcome: RouterStatus | Failure;
  try {
    const rotates = (await chooseRotator(supervisor, config)) === 'router';
    await supervisor.start(appDefinition(config, paths, [file], { ...environment, rotates }));
    command.progress.show(command.t('waitingForRouter'));
    outcome = await waitForReady(command, supervisor, config.name, paths);
  } catch (error) {
    await undo();
    throw error;
  }
  if (!isFailure(outcome)) return { ok: true, status: outcome };
  await undo();
  await delay(LOG_FLUSH_DELAY_MS);
  return describeFailure(command, outcome, paths, logEnds);
}

/** Sizes of the logs before the start: only later lines belong to it. */
interface LogEnds {
  readonly routerBytes: number;
  readonly pm2Bytes: number;
}

function sizeOf(path: string): number {
  return logStats(path)?.sizeBytes ?? 0;
}

interface Failure {
  readonly isLate: boolean;
  readonly exitCode: number | null;
}

function isFailure(outcome: RouterStatus | Failure): outcome is Failure {
  return 'isLate' in outcome;
}

/** Searches the reason of a failed start in the logs. */
function describeFailure(
  command: DaemonCommand,
  outcome: Failure,
  paths: DaemonPaths,
  { routerBytes, pm2Bytes }: LogEnds,
): LaunchOutcome {
  const { env, lang } = command.context;
  const lines = lastLines(paths.logFile, SCANNED_LINES, routerBytes);
  const cause =
    failureReasonIn(lines, lang) ??
    spaceProblem(command, paths) ??
    spawnErrorIn(lastLines(pm2LogFile(env), SCANNED_LINES, pm2Bytes));
  return {
    ok: false,
    // log lines around a known cause would only repeat it
    lines: cause === null || outcome.isLate ? lines.slice(-MAX_REPORTED_LINES) : [],
    reason: outcome.isLate
      ? command.t('startTimedOut', { seconds: START_TIMEOUT_MS / 1000 })
      : (cause ?? exitReason(command, outcome)),
    isConfigurationError: outcome.exitCode === EXIT.usage,
  };
}

/** Resolves when the router is ready, its process has ended, the time is up, or the command is interrupted. */
async function waitForReady(
  { interruption }: DaemonCommand,
  supervisor: ProcessSupervisor,
  name: string,
  paths: DaemonPaths,
): Promise<RouterStatus | Failure> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && !interruption.hasOccurred) {
    const seen = await supervisor.describe(name);
    if (seen === null || hasEnded(seen)) return { isLate: false, exitCode: seen?.exitCode ?? null };
    const status = await fetchStatus(paths.controlSocket, STATUS_TIMEOUT_MS);
    // ignores responses of another router and of a process that has ended since
    if (status?.state === 'ready' && status.pid === seen.pid) return status;
    await delay(POLL_INTERVAL_MS);
  }
  return { isLate: true, exitCode: null };
}

function hasEnded({ status, restarts }: SupervisedProcess): boolean {
  return restarts > 0 || status === 'waiting' || status === 'stopped' || status === 'errored';
}

async function undoStart(
  command: DaemonCommand,
  supervisor: ProcessSupervisor,
  name: string,
  paths: DaemonPaths,
  before: readonly string[] | null,
): Promise<void> {
  const seen = await supervisor.describe(name);
  if (seen !== null) await supervisor.remove(name);
  // a dump of PM2 may refer to the options of an earlier start
  if (before !== null) writeOptions(command.context.env, name, before);
  removeOptions(command.context.env, name);
  // a pid file with another pid belongs to another router
  if (seen !== null && seen.pid !== null && readPid(paths.pidFile) === seen.pid) rmSync(paths.pidFile, { force: true });
}

/** On a full disk the router cannot log its own reason. */
function spaceProblem({ t }: DaemonCommand, { logFile, pidFile }: DaemonPaths): string | null {
  const folders = foldersWithoutSpace([dirname(logFile), dirname(pidFile)]);
  return folders.length === 0 ? null : t('noSpace', { folders: folders.join(', ') });
}

function exitReason({ t }: DaemonCommand, { exitCode }: Failure): string {
  return exitCode === null ? t('endedWithout') : t('endedWith', { code: exitCode });
}
