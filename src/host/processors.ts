import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Processors that this process may use: those of its affinity mask, and no more than the CPU quota of its cgroup allows. */
function availableProcessors(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(cgroupQuota())));
}

const MAX_WORKERS = 64;

/** The number of processes for the option `workers`, of which 0 stands for one per processor. */
export function workerCount(configured: number): number {
  return configured === 0 ? Math.min(MAX_WORKERS, availableProcessors()) : configured;
}

/** Quota in processors, of cgroup v2 (`cpu.max`: `200000 100000`); infinite without one. */
function cgroupQuota(): number {
  try {
    const [, path = ''] = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
    const [quota, period] = readFileSync(`/sys/fs/cgroup${path}/cpu.max`, 'utf8').split(' ').map(Number);
    const processors = (quota ?? Number.NaN) / (period ?? Number.NaN);
    return processors > 0 ? processors : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY; // another system, or no such file in the root group
  }
}
