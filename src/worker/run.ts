import type { CommandIo } from '../cli/index.ts';
import { EXIT } from '../cli/index.ts';
import { VERSION } from '../config/index.ts';
import { type ParentMessage, WORKER_PROTOCOL, type WorkerMessage, type WorkerStart } from '../workers/index.ts';
import type { SharedHandle } from './accept-gate.ts';
import { Worker } from './worker.ts';

/** Signals of a terminal or a service manager reach the whole process group; the parent acts on them. */
const SIGNALS_OF_PARENT = ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Runs a worker until its parent ends it; returns the exit code. */
export async function runWorker({ stderr, signals }: CommandIo): Promise<number> {
  if (process.send === undefined) {
    stderr.write('--worker: a router starts its workers itself; use --workers N\n');
    return EXIT.usage;
  }
  for (const signal of SIGNALS_OF_PARENT) process.on(signal, () => {});
  const send = (message: WorkerMessage): void => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  const start = await firstMessage(send);
  if (start === null) return EXIT.failed;
  const worker = new Worker(start, send);
  process.on('message', (message, handle) => worker.receive(message as ParentMessage, handle as SharedHandle));
  // without its parent a worker would hold the port against the next router
  process.once('disconnect', () => worker.end());
  process.on('SIGTERM', () => worker.drain(false));
  if (signals?.take().includes('SIGTERM')) worker.drain(false);
  try {
    return await worker.run();
  } finally {
    if (process.connected) process.disconnect();
  }
}

/** Announces this process, and resolves with its configuration; null when the parent has ended. */
function firstMessage(send: (message: WorkerMessage) => void): Promise<WorkerStart | null> {
  return new Promise((resolve) => {
    process.once('message', (message) => resolve(message as WorkerStart));
    process.once('disconnect', () => resolve(null));
    send({ kind: 'hello', protocol: WORKER_PROTOCOL, version: VERSION });
  });
}
