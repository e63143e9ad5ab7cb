import type { CommandContext } from '../cli/index.ts';
import { workerCount } from '../host/index.ts';
import { canBindSocket } from '../net/index.ts';
import { refuseStart, runService } from '../process/index.ts';
import { WorkersParent } from './parent.ts';

/** Runs the parent of several workers in the foreground until it is stopped; returns the exit code. */
export async function runWorkers(context: CommandContext): Promise<number> {
  const { config, env } = context;
  if (!canBindSocket()) {
    return refuseStart(context, [
      {
        en: `--workers: Node.js ${process.versions.node} cannot share a port as the router needs it; use --workers 1`,
        ru: `--workers: Node.js ${process.versions.node} не может разделить порт так, как нужно роутеру; укажите --workers 1`,
      },
    ]);
  }
  const workers = workerCount(config.workers);
  return runService(context, [], async (tools) => new WorkersParent({ ...tools, config, workers, env }));
}
