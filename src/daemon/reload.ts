import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, fetchStatus } from '../cli/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import type { DaemonCommand } from './command.ts';
import { type FoundDaemon, findDaemon } from './find-daemon.ts';
import { explainNotRunning } from './not-running.ts';
import {
  changedKeys,
  isSupervisorOption,
  keptOptions,
  keyOf,
  mergeOptions,
  optionsFile,
  readOptions,
  writeOptions,
} from './options-file.ts';
import { workingFolder } from './working-folder.ts';

const OUTCOME_LIMIT_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** `--daemon-reload`: sends SIGHUP and reports the outcome. Options that are given with it replace those of the start. */
export async function reloadDaemon(command: DaemonCommand): Promise<number> {
  const { config, env, argv } = command.context;
  const found = await findDaemon(config, env, await command.runningSupervisor());
  if (found.pid === null) {
    explainNotRunning(command, found, 'reload');
    return EXIT.notRunning;
  }
  if (found.status === null) {
    command.printError(command.t('notAnswering', { pid: found.pid, socket: found.places.controlSocket }));
    return EXIT.failed;
  }
  const given = withoutDaemonPaths(keptOptions(argv, workingFolder()), found);
  if (given.length === 0) return await reloadAndReport(command, found, found.status);
  return await reloadWith(command, found, found.status, given);
}

/** Where a daemon is found by its pid file, naming that is no change; nor is the language to answer in. */
function withoutDaemonPaths(given: readonly string[], { places }: FoundDaemon): string[] {
  const known = [
    `--pid-file=${places.pidFile}`,
    `--control-socket=${places.controlSocket}`,
    `--log-file=${places.logFile}`,
  ];
  return given.filter((option) => !known.includes(option) && keyOf(option) !== 'lang');
}

async function reloadWith(
  command: DaemonCommand,
  found: FoundDaemon,
  before: RouterStatus,
  given: readonly string[],
): Promise<number> {
  const { env, config } = command.context;
  const kept = keptOptionsOf(command, found);
  if (kept === null) {
    command.printError(command.t('notKeptByUs'));
    return EXIT.failed;
  }
  const merged = mergeOptions(kept, given);
  const frozen = changedKeys(kept, merged).filter(isSupervisorOption);
  if (frozen.length > 0) {
    command.printError(command.t('reloadRefusedNow'));
    for (const key of frozen) command.printError(`   ${command.t('needsRestart', { key })}`);
    return EXIT.failed;
  }
  writeOptions(env, config.name, merged);
  const code = await reloadAndReport(command, found, before);
  if (code !== EXIT.done) writeOptions(env, config.name, kept);
  return code;
}

/** The options that the router reads again at a reload; null when it was not started from here. */
function keptOptionsOf({ context }: DaemonCommand, { supervised, isOwn }: FoundDaemon): string[] | null {
  const { env, config } = context;
  const isOurs =
    supervised === null ? isOwn : supervised.args.includes(`--options-file=${optionsFile(env, config.name)}`);
  return isOurs ? readOptions(env, config.name) : null;
}

async function reloadAndReport(command: DaemonCommand, found: FoundDaemon, before: RouterStatus): Promise<number> {
  command.printLine(command.t('reloading', { pid: before.pid }));
  try {
    process.kill(before.pid, 'SIGHUP');
  } catch {
    command.printError(command.t('noPermission', { pid: before.pid }));
    return EXIT.failed;
  }
  const outcome = await untilReloaded(found.places.controlSocket, before);
  if (outcome === null) {
    command.printError(command.t('noOutcome', { seconds: OUTCOME_LIMIT_MS / 1000 }));
    return EXIT.failed;
  }
  if (outcome.outcome === 'refused') {
    command.printError(command.t('reloadRefusedNow'));
    const errors = command.context.lang === 'ru' ? outcome.errorsRu : outcome.errors;
    for (const error of errors) command.printError(`   ${error}`);
    return EXIT.failed;
  }
  command.printSuccess(command.t(outcome.outcome === 'unchanged' ? 'reloadNothing' : 'reloadDone'));
  for (const { key, from, to } of outcome.changes) command.printLine(`   ${key}: ${from} -> ${to}`);
  for (const line of inForceLines(command, outcome.inForce)) command.printLine(`   ${line}`);
  for (const warning of command.context.lang === 'ru' ? outcome.warningsRu : outcome.warnings) {
    command.printLine(`   ⚠️ ${warning}`);
  }
  return EXIT.done;
}

/** The certificate and the number of tokens that clients meet from now on. */
function inForceLines({ t }: DaemonCommand, inForce: RouterStatus['reload']['inForce']): string[] {
  const { certificateSubject, certificateExpiresAt, clientCaSubject, tokens } = inForce;
  const lines: string[] = [];
  if (certificateSubject !== null) {
    const until = new Date(certificateExpiresAt ?? 0).toISOString();
    lines.push(t('certificateInForce', { subject: certificateSubject, until }));
  }
  if (clientCaSubject !== null) lines.push(t('clientCaInForce', { subject: clientCaSubject }));
  if (tokens !== null) lines.push(t('tokensInForce', { tokens }));
  return lines;
}

/** The outcome of the next reload, or null when the router ended or says nothing. */
async function untilReloaded(socket: string, before: RouterStatus): Promise<RouterStatus['reload'] | null> {
  const deadline = performance.now() + OUTCOME_LIMIT_MS;
  while (performance.now() < deadline) {
    const status = await fetchStatus(socket);
    if (status !== null && status.instanceId !== before.instanceId) return null;
    if (status !== null && status.reload.count > before.reload.count) return status.reload;
    await delay(LOOK_EVERY_MS);
  }
  return null;
}
