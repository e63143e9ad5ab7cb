import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, fetchStatus } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { readPid } from '../host/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { appDefinition, type LaunchEnvironment } from './app-definition.ts';
import { pm2LogFile, reasonIn, spawnError } from './cause.ts';
import type { DaemonCommand } from './command.ts';
import type { DaemonPaths } from './daemon-paths.ts';
import { foldersWithoutSpace } from './free-space.ts';
import { lastLines, logStats, prepareLogFile } from './log-file.ts';
import { optionsFile, readOptions, removeOptions, writeOptions } from './options-file.ts';
import { chooseRotator } from './rotation.ts';
import type { ProcessSupervisor, SupervisedProcess } from './supervisor.ts';

/** How long a router may take from its start until it listens. */
const START_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 50;
const ASK_LIMIT_MS = 1000;
/** PM2 writes the last lines of a process that ended a moment later. */
const LAST_LINES_MS = 300;
const SHOWN_LINES = 10;
const LOOKED_AT_LINES = 60;

/** `launch` decides which program rotates the log. */
export type StartEnvironment = Omit<LaunchEnvironment, 'rotates'>;

export type Launched =
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
  places: DaemonPaths,
  options: readonly string[],
  surroundings: StartEnvironment,
): Promise<Launched> {
  const { env } = command.context;
  prepareLogFile(places.logFile);
  const logFrom = logStats(places.logFile)?.sizeBytes ?? 0;
  const supervisor = await command.supervisor();
  const pm2LogFrom = logStats(pm2LogFile(env))?.sizeBytes ?? 0;
  const before = readOptions(env, config.name);
  writeOptions(env, config.name, options);
  const giveUp = (): Promise<void> => cleanUp(command, supervisor, config.name, places, before);
  const file = `--options-file=${optionsFile(env, config.name)}`;
  let outcome: RouterStatus | Failure;
  try {
    const rotates = (await chooseRotator(supervisor, config)) === 'router';
    await supervisor.start(appDefinition(config, places, [file], { ...surroundings, rotates }));
    command.progress.show(command.t('waitingForRouter'));
    outcome = await untilReady(command, supervisor, config.name, places);
  } catch (error) {
    await giveUp();
    throw error;
  }
  if (!isFailure(outcome)) return { ok: true, status: outcome };
  await giveUp();
  await delay(LAST_LINES_MS);
  const lines = lastLines(places.logFile, LOOKED_AT_LINES, logFrom);
  const cause =
    reasonIn(lines, command.context.lang) ??
    spaceProblem(command, places) ??
    spawnError(lastLines(pm2LogFile(env), LOOKED_AT_LINES, pm2LogFrom));
  return {
    ok: false,
    // a cause stands for itself: the lines around it would only repeat it
    lines: cause === null || outcome.isLate ? lines.slice(-SHOWN_LINES) : [],
    reason: outcome.isLate
      ? command.t('startTimedOut', { seconds: START_LIMIT_MS / 1000 })
      : (cause ?? exitReason(command, outcome)),
    isConfigurationError: outcome.exitCode === EXIT.usage,
  };
}

interface Failure {
  readonly isLate: boolean;
  readonly exitCode: number | null;
}

function isFailure(outcome: RouterStatus | Failure): outcome is Failure {
  return 'isLate' in outcome;
}

/** Resolves when the router is ready, its process has ended, the time is up, or the command is interrupted. */
async function untilReady(
  { interruption }: DaemonCommand,
  supervisor: ProcessSupervisor,
  name: string,
  places: DaemonPaths,
): Promise<RouterStatus | Failure> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline && !interruption.hasOccurred) {
    const seen = await supervisor.describe(name);
    if (seen === null || hasEnded(seen)) return { isLate: false, exitCode: seen?.exitCode ?? null };
    const status = await fetchStatus(places.controlSocket, ASK_LIMIT_MS);
    // an answer of another router does not count, nor one of a process that has ended since
    if (status?.state === 'ready' && status.pid === seen.pid) return status;
    await delay(LOOK_EVERY_MS);
  }
  return { isLate: true, exitCode: null };
}

function hasEnded({ status, restarts }: SupervisedProcess): boolean {
  return restarts > 0 || status === 'waiting' || status === 'stopped' || status === 'errored';
}

async function cleanUp(
  command: DaemonCommand,
  supervisor: ProcessSupervisor,
  name: string,
  places: DaemonPaths,
  before: readonly string[] | null,
): Promise<void> {
  const seen = await supervisor.describe(name);
  if (seen !== null) await supervisor.remove(name);
  // a dump of PM2 may need those of an earlier start
  if (before !== null) writeOptions(command.context.env, name, before);
  removeOptions(command.context.env, name);
  // a pid file that names another process belongs to another router
  if (seen !== null && seen.pid !== null && readPid(places.pidFile) === seen.pid)
    rmSync(places.pidFile, { force: true });
}

/** On a full disk the router cannot log its own reason. */
function spaceProblem({ t }: DaemonCommand, { logFile, pidFile }: DaemonPaths): string | null {
  const folders = foldersWithoutSpace([dirname(logFile), dirname(pidFile)]);
  return folders.length === 0 ? null : t('noSpace', { folders: folders.join(', ') });
}

function exitReason({ t }: DaemonCommand, { exitCode }: Failure): string {
  return exitCode === null ? t('endedWithout') : t('endedWith', { code: exitCode });
}
