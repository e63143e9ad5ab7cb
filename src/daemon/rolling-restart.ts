import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { EXIT } from '../cli/index.ts';
import { VERSION } from '../config/index.ts';
import type { RestartProgress } from '../telemetry/index.ts';
import { mainCommand } from './app-definition.ts';
import { changedOptions } from './changed-options.ts';
import type { DaemonCommand } from './command.ts';
import { type LocatedDaemon, statusOf } from './find-daemon.ts';
import { optionKey } from './options-file.ts';
import { ownerOf } from './router-owner.ts';

/**
 * `--daemon-restart --rolling`: the running parent replaces its workers one at a time by processes of this program. Returns
 * the exit code, or null when only a full restart is possible.
 */
export async function restartRolling(command: DaemonCommand, found: LocatedDaemon): Promise<number | null> {
  const { t } = command;
  // PM2 waits until it starts the router again: there is nothing to interrupt
  if (found.pid === null) return null;
  const given = changedOptions(command.context.argv, found.paths);
  if (given.length > 0) {
    command.printError(
      t('rollingKeepsOptions', { options: given.map((option) => `--${optionKey(option)}`).join(', ') }),
    );
    return EXIT.usage;
  }
  const status = await statusOf(found);
  if (status === null) {
    command.printError(t('notAnswering', { pid: found.pid, socket: found.paths.controlSocket }));
    return EXIT.failed;
  }
  if (status.workers === undefined) {
    command.printError(t('rollingNeedsWorkers'));
    return EXIT.failed;
  }
  command.printLine(t('rolling', { count: status.workers.length }));
  const outcome = await replaceWorkers(command, found.paths.controlSocket);
  if (outcome.kind === 'failed' && outcome.isIncompatible) {
    const versions = { running: status.version, own: VERSION };
    const { service } = ownerOf(found.pid);
    if (service === null) {
      command.printWarning(t('rollingIncompatible', versions));
      return null;
    }
    // a router that this command started would not belong to the service
    command.printError(t('rollingNeedsService', { ...versions, service }));
    return EXIT.failed;
  }
  if (outcome.kind === 'failed') {
    command.printError(t('rollingFailed', { reason: outcome.error }));
    return EXIT.failed;
  }
  command.printSuccess(t('rollingDone', { version: VERSION }));
  if (status.version !== VERSION) command.printLine(t('rollingParent', { version: status.version, pid: found.pid }));
  return EXIT.done;
}

type Outcome = Exclude<RestartProgress, { kind: 'replaced' }>;

/** Requests the restart, and prints its progress until it has an outcome. */
async function replaceWorkers(command: DaemonCommand, socketPath: string): Promise<Outcome> {
  try {
    for await (const progress of requestRestart(socketPath)) {
      if (progress.kind !== 'replaced') return progress;
      command.printLine(`   ${command.t('rollingReplaced', { ...progress })}`);
    }
    return failure('the router closed the connection');
  } catch (error) {
    return failure((error as Error).message);
  }
}

/** Sends the request over the control socket. No time limit: a worker may take the shutdown timeout to end. */
async function* requestRestart(socketPath: string): AsyncIterable<RestartProgress> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ socketPath, path: '/api/restart', method: 'POST', agent: false }, resolve);
    call.on('error', reject);
    call.end(JSON.stringify({ program: mainCommand() }));
  });
  if (response.statusCode !== 200) {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    throw new Error(text.trim());
  }
  for await (const line of createInterface({ input: response })) yield JSON.parse(line) as RestartProgress;
}

function failure(error: string): Outcome {
  return { kind: 'failed', error, isIncompatible: false };
}
