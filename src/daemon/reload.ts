import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, fetchStatus } from '../cli/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { changedOptions } from './changed-options.ts';
import type { DaemonCommand } from './command.ts';
import { type FoundDaemon, findDaemon } from './find-daemon.ts';
import { reportNotRunning } from './not-running.ts';
import {
  changedKeys,
  isSupervisorOption,
  mergeOptions,
  optionsFile,
  readOptions,
  writeOptions,
} from './options-file.ts';

const RELOAD_TIMEOUT_MS = 15_000;
const POLL_INTERVAL_MS = 20;

/** `--daemon-reload`: sends SIGHUP and reports the outcome. Options given with it override the saved options. */
export async function reloadDaemon(command: DaemonCommand): Promise<number> {
  const { config, env, argv } = command.context;
  const found = await findDaemon(config, env, await command.runningSupervisor());
  if (found.pid === null) {
    reportNotRunning(command, found, 'reload');
    return EXIT.notRunning;
  }
  if (found.status === null) {
    command.printError(command.t('notAnswering', { pid: found.pid, socket: found.paths.controlSocket }));
    return EXIT.failed;
  }
  const given = changedOptions(argv, found.paths);
  if (given.length === 0) return await reloadAndReport(command, found, found.status);
  return await reloadWith(command, found, found.status, given);
}

async function reloadWith(
  command: DaemonCommand,
  found: FoundDaemon,
  before: RouterStatus,
  given: readonly string[],
): Promise<number> {
  const { env, config } = command.context;
  const saved = savedOptionsOf(command, found);
  if (saved === null) {
    command.printError(command.t('notKeptByUs'));
    return EXIT.failed;
  }
  const merged = mergeOptions(saved, given);
  const frozen = changedKeys(saved, merged).filter(isSupervisorOption);
  if (frozen.length > 0) {
    command.printError(command.t('reloadRefusedNow'));
    for (const key of frozen) command.printError(`   ${command.t('needsRestart', { key })}`);
    return EXIT.failed;
  }
  writeOptions(env, config.name, merged);
  const code = await reloadAndReport(command, found, before);
  if (code !== EXIT.done) writeOptions(env, config.name, saved);
  return code;
}

/** The options that the router reads at a reload; null if --daemon-start of this PM2 home did not launch it. */
function savedOptionsOf({ context }: DaemonCommand, { supervised, isOwn }: FoundDaemon): string[] | null {
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
  const outcome = await waitForReload(found.paths.controlSocket, before);
  if (outcome === null) {
    command.printError(command.t('noOutcome', { seconds: RELOAD_TIMEOUT_MS / 1000 }));
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
  for (const line of securityLines(command, outcome.inForce)) command.printLine(`   ${line}`);
  for (const warning of command.context.lang === 'ru' ? outcome.warningsRu : outcome.warnings) {
    command.printLine(`   ⚠️ ${warning}`);
  }
  return EXIT.done;
}

/** Certificate, client CA and number of tokens in force after the reload. */
function securityLines({ t }: DaemonCommand, inForce: RouterStatus['reload']['inForce']): string[] {
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

/** The outcome of the next reload; null if the router ended or did not respond in time. */
async function waitForReload(socket: string, before: RouterStatus): Promise<RouterStatus['reload'] | null> {
  const deadline = performance.now() + RELOAD_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const status = await fetchStatus(socket);
    if (status !== null && status.instanceId !== before.instanceId) return null;
    if (status !== null && status.reload.count > before.reload.count) return status.reload;
    await delay(POLL_INTERVAL_MS);
  }
  return null;
}
