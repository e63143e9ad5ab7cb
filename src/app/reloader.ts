import { type ConfigChange, configDigest, diffConfig, type LoadedConfig, type RouterConfig } from '../config/index.ts';
import type { LogFields } from '../logging/index.ts';
import { frozenChanges } from '../process/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';
import { describeInForce, fileChanges, logInForce } from './describe-security.ts';
import { loadSecurity, type SecurityFiles } from './security-files.ts';

export interface ReloaderDependencies {
  readonly log: {
    info(message: string, fields?: LogFields): void;
    warning(message: string): void;
    error(message: string): void;
  };
  /** Loads the configuration again, from the sources of the start. */
  readonly load: () => LoadedConfig;
  /** Warnings about a valid configuration. */
  readonly warnings: (config: RouterConfig) => readonly Text[];
  /** Opens resources before anything is changed; throws to refuse the reload. */
  readonly prepare: (next: RouterConfig) => () => void;
  /** Applies the new configuration; must not fail. */
  readonly apply: (next: RouterConfig, files: SecurityFiles, changes: readonly ConfigChange[]) => void;
}

interface PreparedReload {
  readonly next: RouterConfig;
  readonly files: SecurityFiles;
  readonly changes: readonly ConfigChange[];
}

/** Reload as a transaction: reads and checks everything first, then applies all of it or nothing. */
export class Reloader {
  /** The outcome of the last reload, for status and metrics. */
  state: RouterStatus['reload'];
  private readonly deps: ReloaderDependencies;
  private current: RouterConfig;
  private files: SecurityFiles;
  private prepared: PreparedReload | null = null;

  constructor(config: RouterConfig, files: SecurityFiles, deps: ReloaderDependencies) {
    this.current = config;
    this.files = files;
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
      inForce: describeInForce(files),
    };
  }

  get config(): RouterConfig {
    return this.current;
  }

  /** Attempts a reload and records its outcome. Never throws. */
  reload(): void {
    try {
      this.tryReload();
    } catch (error) {
      this.refuse([explainSystemError(error)]);
    }
  }

  private tryReload(): void {
    const loaded = this.deps.load();
    const problems = loaded.ok ? this.prepare(loaded.config) : loaded.problems;
    if (problems.length > 0) this.refuse(problems);
    else this.commit();
  }

  /** First half of a reload: checks `next` and reads its files. An empty result allows `commit`. */
  prepare(next: RouterConfig): readonly Text[] {
    const changes = diffConfig(this.current, next);
    const frozen = frozenChanges(changes);
    const security = loadSecurity(next);
    if (frozen.length > 0 || !security.ok) return [...frozen, ...(security.ok ? [] : security.problems)];
    this.prepared = { next, files: security.files, changes };
    return [];
  }

  /** Changes of files that the prepared reload would apply, as `commit` reports them. */
  get preparedFileChanges(): RouterStatus['reload']['changes'] {
    return this.prepared === null ? [] : fileChanges(this.prepared.next, this.files, this.prepared.files);
  }

  /** Second half: applies the prepared configuration. Records a refusal when a resource cannot be opened. */
  commit(): void {
    const { prepared } = this;
    if (prepared === null) return;
    this.prepared = null;
    this.apply(prepared);
  }

  private apply({ next, files, changes }: PreparedReload): void {
    try {
      const finish = this.deps.prepare(next);
      this.deps.apply(next, files, changes);
      finish();
    } catch (error) {
      this.refuse(error instanceof Problems ? error.list : [explainSystemError(error)]);
      return;
    }
    const all = [...changes.map(({ key, from, to }) => ({ key, from, to })), ...fileChanges(next, this.files, files)];
    this.current = next;
    this.files = files;
    this.recordApplied(all, [...files.warnings, ...this.deps.warnings(next)]);
  }

  private recordApplied(changes: RouterStatus['reload']['changes'], warnings: readonly Text[]): void {
    const { log } = this.deps;
    for (const { key, from, to } of changes) log.info(`${key}: ${from} -> ${to}`);
    this.record({
      outcome: changes.length > 0 ? 'applied' : 'unchanged',
      changes,
      errors: [],
      errorsRu: [],
      warnings: warnings.map(({ en }) => en),
      warningsRu: warnings.map(({ ru }) => ru),
    });
    log.info(`Configuration reloaded: ${changes.length > 0 ? `${changes.length} changed` : 'nothing changed'}`);
    logInForce(log, this.state.inForce);
    for (const { en } of warnings) log.warning(en);
  }

  private refuse(problems: readonly Text[]): void {
    const [errors, errorsRu] = [problems.map(({ en }) => en), problems.map(({ ru }) => ru)];
    this.record({ outcome: 'refused', changes: [], errors, errorsRu, warnings: [], warningsRu: [] });
    this.deps.log.error('Reload refused, the old configuration stays in force');
    for (const error of errors) this.deps.log.error(error);
  }

  private record(outcome: Omit<RouterStatus['reload'], 'count' | 'lastAt' | 'configDigest' | 'inForce'>): void {
    this.state = {
      ...outcome,
      count: this.state.count + 1,
      lastAt: Date.now(),
      configDigest: configDigest(this.current),
      inForce: describeInForce(this.files),
    };
  }
}
