import type { CommandContext } from '../cli/index.ts';
import { availableProcessors } from '../host/index.ts';
import { canBindSocket } from '../net/index.ts';
import { refuseStart, runService } from '../process/index.ts';
import { WorkersParent } from './parent.ts';

/** Runs the parent of several workers in the foreground until it is stopped; returns the exit code. */
export async function runWorkers(context: CommandContext): Promise<number> {
  const { config, env } = context;
  if (!config.nodeInternals || !canBindSocket()) {
    return refuseStart(context, [
      {
        en: '--workers above 1 needs undocumented parts of Node.js; use --workers 1 with --no-node-internals',
        ru: '--workers больше 1 требует недокументированных частей Node.js; с --no-node-internals укажите --workers 1',
      },
    ]);
  }
  const workers = workerCount(config.workers);
  return runService(context, [], async (tools) => new WorkersParent({ ...tools, config, workers, env }));
}

/** 0, which is `auto`, stands for one worker per processor. */
function workerCount(configured: number): number {
  return configured === 0 ? Math.min(64, availableProcessors()) : configured;
}
