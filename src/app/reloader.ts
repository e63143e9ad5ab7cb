import { type ConfigChange, configDigest, diffConfig, type LoadedConfig, type RouterConfig } from '../config/index.ts';
import type { LogFields } from '../logging/index.ts';
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

/** Reload as a transaction: reads and checks everything first, then applies all of it or nothing. */
export class Reloader {
  /** The outcome of the last reload, for status and metrics. */
  state: RouterStatus['reload'];
  private readonly deps: ReloaderDependencies;
  private current: RouterConfig;
  private files: SecurityFiles;

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
    if (!loaded.ok) {
      this.refuse(loaded.problems);
      return;
    }
    const next = loaded.config;
    const changes = diffConfig(this.current, next);
    const frozen = frozenChanges(changes);
    const security = loadSecurity(next);
    if (security.ok && frozen.length === 0) this.apply(next, security.files, changes);
    else this.refuse([...frozen, ...(security.ok ? [] : security.problems)]);
  }

  private apply(next: RouterConfig, files: SecurityFiles, changes: readonly ConfigChange[]): void {
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

/** Problems of a reload: changed options that only a restart can apply. */
function frozenChanges(changes: readonly ConfigChange[]): Text[] {
  return changes
    .filter((change) => change.reload === 'restart')
    .map(({ key, from, to }) => ({
      en: `${key}: cannot change without a restart (${from || 'none'} -> ${to || 'none'})`,
      ru: `${key}: нельзя изменить без перезапуска (${from || 'нет'} -> ${to || 'нет'})`,
    }));
}
