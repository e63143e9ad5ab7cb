import { configDigest, diffConfig, type LoadedConfig, type RouterConfig } from '../config/index.ts';
import type { Logger } from '../logging/index.ts';
import { frozenChanges, type OpenLog, startWarnings } from '../process/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';
import { divideConnections } from './admission.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface ParentReloadDependencies {
  readonly log: Logger;
  readonly load: () => LoadedConfig;
  readonly openLog: OpenLog;
  readonly pool: WorkerPool;
}

type Outcome = RouterStatus['reload'];

/** Reading TLS and tokens files takes milliseconds; a worker that is blocked for this long refuses the reload. */
const PREPARE_TIMEOUT_MS = 3000;

/**
 * Reload of a router with several workers: the parent reads the configuration, every worker checks it and reads its files,
 * and all of them apply it, or none.
 */
export class ParentReloader {
  state: Outcome;
  private readonly deps: ParentReloadDependencies;
  private current: RouterConfig;
  /** A reload that is requested during another one follows it. */
  private last: Promise<void> = Promise.resolve();

  constructor(config: RouterConfig, deps: ParentReloadDependencies) {
    this.current = config;
    this.deps = deps;
    this.state = {
      count: 0,
      lastAt: null,
      outcome: 'none',
      changes: [],
      errors: [],
      errorsRu: [],
      configDigest: configDigest(config),
      warnings: [],
      warningsRu: [],
      inForce: { certificateSubject: null, certificateExpiresAt: null, clientCaSubject: null, tokens: null },
    };
  }

  get config(): RouterConfig {
    return this.current;
  }

  /** Takes over certificate and tokens that the workers have read at the start. */
  setInForce(inForce: Outcome['inForce']): void {
    this.state = { ...this.state, inForce };
  }

  /** Attempts a reload and records its outcome. */
  reload(): Promise<void> {
    this.last = this.last
      .then(() => this.tryReload())
      .catch((error: unknown) => this.refuse([explainSystemError(error)]));
    return this.last;
  }

  private async tryReload(): Promise<void> {
    const { log, load, openLog, pool } = this.deps;
    const loaded = load();
    if (!loaded.ok) return this.refuse(loaded.problems);
    const next = loaded.config;
    const changes = diffConfig(this.current, next);
    const frozen = frozenChanges(changes);
    if (frozen.length > 0) return this.refuse(frozen);
    const workers = pool.all.filter(({ state }) => state === 'ready');
    const limits = divideConnections(next.maxConnections, limitsBasis(pool));
    const prepared = await Promise.all(workers.map((worker) => prepare(worker, next, limits, pool)));
    const problems = unique(prepared.flatMap(({ problems }) => problems));
    if (problems.length > 0) return this.refuse(problems);
    try {
      if (next.logFile === this.current.logFile) log.reopen();
      else log.replaceDestination(openLog(next));
    } catch (error) {
      return this.refuse(error instanceof Problems ? error.list : [explainSystemError(error)]);
    }
    this.current = next;
    log.level = next.logLevel;
    pool.setLimits(limits);
    const outcomes = await Promise.all(
      workers.map((worker) => worker.ask({ kind: 'commitReload' }, PREPARE_TIMEOUT_MS)),
    );
    const fileChanges = prepared[0]?.fileChanges ?? [];
    const applied = outcomes.find((outcome) => outcome !== null);
    const own = startWarnings(next, null, {});
    this.recordApplied([...changes.map(({ key, from, to }) => ({ key, from, to })), ...fileChanges], applied, own);
    workers.forEach((worker, i) => {
      if (outcomes[i] === null) log.error('Worker did not confirm the reload', { worker: worker.number });
    });
    for (const worker of pool.all) if (!workers.includes(worker)) void this.catchUp(worker);
  }

  /** Applies the configuration in force to a worker that had not started yet, with the one before, when the reload began. */
  private async catchUp(worker: WorkerProcess): Promise<void> {
    try {
      await worker.serving;
    } catch {
      return; // its successor gets the configuration in force
    }
    if (worker.state !== 'ready') return;
    const config = this.deps.pool.configOf(worker.number, this.current);
    const prepared = await worker.ask({ kind: 'prepareReload', config }, PREPARE_TIMEOUT_MS);
    if (prepared?.problems.length === 0) await worker.ask({ kind: 'commitReload' }, PREPARE_TIMEOUT_MS);
    else worker.kill();
  }

  private recordApplied(changes: Outcome['changes'], applied: Outcome | undefined | null, own: readonly Text[]): void {
    const { log } = this.deps;
    this.record({
      outcome: changes.length > 0 ? 'applied' : 'unchanged',
      changes,
      errors: [],
      errorsRu: [],
      warnings: applied?.warnings ?? own.map(({ en }) => en),
      warningsRu: applied?.warningsRu ?? own.map(({ ru }) => ru),
      inForce: applied?.inForce ?? this.state.inForce,
    });
    for (const { key, from, to } of changes) log.info(`${key}: ${from} -> ${to}`);
    log.info(`Configuration reloaded: ${changes.length > 0 ? `${changes.length} changed` : 'nothing changed'}`);
    for (const warning of this.state.warnings) log.warning(warning);
  }

  private refuse(problems: readonly Text[]): void {
    const [errors, errorsRu] = [problems.map(({ en }) => en), problems.map(({ ru }) => ru)];
    const { inForce } = this.state;
    this.record({ outcome: 'refused', changes: [], errors, errorsRu, warnings: [], warningsRu: [], inForce });
    this.deps.log.error('Reload refused, the old configuration stays in force');
    for (const error of errors) this.deps.log.error(error);
  }

  private record(outcome: Omit<Outcome, 'count' | 'lastAt' | 'configDigest'>): void {
    const configured = configDigest(this.current);
    this.state = { ...outcome, count: this.state.count + 1, lastAt: Date.now(), configDigest: configured };
  }
}

/** Connections by worker number, so that a lowered limit closes no more than it has to. */
function limitsBasis(pool: WorkerPool): number[] {
  const current = new Map(pool.serving.map(({ number, admitted }) => [number, admitted]));
  return Array.from({ length: pool.size }, (_, i) => current.get(i + 1) ?? 0);
}

async function prepare(
  worker: WorkerProcess,
  next: RouterConfig,
  limits: readonly number[],
  pool: WorkerPool,
): Promise<{ problems: readonly Text[]; fileChanges: Outcome['changes'] }> {
  const config = { ...pool.configOf(worker.number, next), maxConnections: limits[worker.number - 1] ?? 0 };
  const answer = await worker.ask({ kind: 'prepareReload', config }, PREPARE_TIMEOUT_MS);
  if (answer !== null) return answer;
  const problem: Text = {
    en: `worker ${worker.number} (pid ${worker.pid}) did not answer; try again`,
    ru: `рабочий процесс ${worker.number} (PID ${worker.pid}) не ответил; повторите`,
  };
  return { problems: [problem], fileChanges: [] };
}

function unique(problems: readonly Text[]): Text[] {
  return [...new Map(problems.map((problem) => [problem.en, problem])).values()];
}
