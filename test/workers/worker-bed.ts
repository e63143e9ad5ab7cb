import type { WorkerStatus } from '../../src/telemetry/status.ts';
import { RouterProcess, type RouterProcessOptions } from '../support/router-process.ts';

/** Starts a router with two workers, unless `args` say how many. */
export function startWorkers(args: readonly string[] = [], options: RouterProcessOptions = {}): Promise<RouterProcess> {
  return RouterProcess.start([...(args.includes('--workers') ? [] : ['--workers', '2']), ...args], options);
}

export async function workersOf(router: RouterProcess): Promise<readonly WorkerStatus[]> {
  return (await router.status()).workers ?? [];
}

export async function workerPids(router: RouterProcess): Promise<number[]> {
  return (await workersOf(router)).map(({ pid }) => pid);
}

/** True while a process with this pid exists. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
