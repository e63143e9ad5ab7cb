import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../logging/index.ts';
import type { RestartProgress } from '../telemetry/index.ts';
import type { WorkerPool } from './worker-pool.ts';
import { type Program, WorkerStartError } from './worker-process.ts';

export interface RollingRestartDependencies {
  readonly pool: WorkerPool;
  readonly log: Logger;
}

const MAX_BODY_CHARS = 64 * 1024;

/**
 * Replaces the workers one at a time by processes of an installation, without an interruption of the service. The request
 * comes over the control socket, which only the user of the router can open; it names the installation's command line.
 */
export class RollingRestart {
  private readonly deps: RollingRestartDependencies;
  private isRunning = false;

  constructor(deps: RollingRestartDependencies) {
    this.deps = deps;
  }

  /** Answers with a JSON line per replaced worker, and one for the outcome. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
      if (body.length > MAX_BODY_CHARS) request.destroy();
    });
    request.on('error', () => {});
    request.on('end', () => {
      const program = parseProgram(body);
      if (program === null) return refuse(response, 400, 'The body must be {"program": [COMMAND, ...]}');
      if (this.isRunning) return refuse(response, 409, 'A rolling restart is in progress');
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.on('error', () => {}); // the restart goes on without its reader
      void this.run(program, (progress) => response.write(`${JSON.stringify(progress)}\n`)).then(() => response.end());
    });
  }

  private async run(program: Program, report: (progress: RestartProgress) => void): Promise<void> {
    const { pool, log } = this.deps;
    this.isRunning = true;
    log.info('Rolling restart', { workers: pool.size });
    try {
      for (let number = 1; number <= pool.size; number++) {
        const version = await pool.replace(number, program, 'restart');
        report({ kind: 'replaced', worker: number, of: pool.size, version });
      }
      pool.program = program;
      log.info('Rolling restart complete');
      report({ kind: 'done' });
    } catch (error) {
      const message = (error as Error).message;
      const isIncompatible = error instanceof WorkerStartError && error.isIncompatible;
      log.error('Rolling restart failed, the remaining workers are not replaced', { error: message });
      report({ kind: 'failed', error: describe(error), isIncompatible });
    } finally {
      this.isRunning = false;
    }
  }
}

/** The worker's own reason, if it gave one. */
function describe(error: unknown): string {
  const failure = error instanceof WorkerStartError ? error.failure : null;
  return failure?.problems[0]?.en ?? failure?.error?.message ?? (error as Error).message;
}

function parseProgram(body: string): Program | null {
  try {
    const { program } = JSON.parse(body) as { program?: unknown };
    const isValid = Array.isArray(program) && program.length > 0 && program.every((part) => typeof part === 'string');
    return isValid ? (program as unknown as Program) : null;
  } catch {
    return null;
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
