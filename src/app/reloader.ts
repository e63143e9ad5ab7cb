import { type ConfigChange, configDigest, diffConfig, type LoadedConfig, type RouterConfig } from '../config/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { loadSecurity, type SecurityFiles } from './security-files.ts';

export interface ReloaderDependencies {
  readonly log: { info(message: string): void; error(message: string): void };
  /** Reads the configuration anew, from where it came from at the start. */
  readonly load: () => LoadedConfig;
  /** Opens what can fail before anything is changed; throws to refuse. */
  readonly prepare: (next: RouterConfig) => () => void;
  /** Puts the new configuration into force; must not fail. */
  readonly apply: (next: RouterConfig, files: SecurityFiles, changes: readonly ConfigChange[]) => void;
}

/** Reload as a transaction: everything is read and checked first, then all of it is applied, or nothing. */
export class Reloader {
  /** The outcome of the last reload, for status and metrics. */
  state: RouterStatus['reload'];
  private readonly deps: ReloaderDependencies;
  private current: RouterConfig;

  constructor(config: RouterConfig, deps: ReloaderDependencies) {
    this.current = config;
    this.deps = deps;
    this.state = {
      count: 0,
      lastAt: null,
      outcome: 'none',
      changes: [],
      errors: [],
      configDigest: configDigest(config),
    };
  }

  get config(): RouterConfig {
    return this.current;
  }

  /** Tries a reload and notes its outcome. Never throws. */
  reload(): void {
    const loaded = this.deps.load();
    if (!loaded.ok) {
      this.refuse(loaded.problems.map(({ en }) => en));
      return;
    }
    const changes = diffConfig(this.current, loaded.config);
    const frozen = changes.filter((change) => change.reload === 'restart');
    const security = loadSecurity(loaded.config);
    if (frozen.length > 0 || !security.ok) {
      const needRestart = frozen.map(
        ({ key, from, to }) => `${key}: cannot change without a restart (${from} -> ${to})`,
      );
      this.refuse([...needRestart, ...(security.ok ? [] : security.problems.map(({ en }) => en))]);
      return;
    }
    this.commit(loaded.config, security.files, changes);
  }

  private commit(next: RouterConfig, files: SecurityFiles, changes: readonly ConfigChange[]): void {
    try {
      const finish = this.deps.prepare(next);
      this.deps.apply(next, files, changes);
      finish();
    } catch (error) {
      this.refuse([(error as Error).message]);
      return;
    }
    this.current = next;
    for (const { key, from, to } of changes) this.deps.log.info(`${key}: ${from} -> ${to}`);
    const outcome = changes.length > 0 ? 'applied' : 'unchanged';
    this.note({ outcome, changes: changes.map(({ key, from, to }) => ({ key, from, to })), errors: [] });
    this.deps.log.info(
      `Configuration reloaded: ${changes.length > 0 ? `${changes.length} changed` : 'nothing changed'}`,
    );
  }

  private refuse(problems: readonly string[]): void {
    this.note({ outcome: 'refused', changes: [], errors: problems });
    this.deps.log.error('Reload refused, the old configuration stays in force');
    for (const problem of problems) this.deps.log.error(problem);
  }

  private note(outcome: Pick<RouterStatus['reload'], 'outcome' | 'changes' | 'errors'>): void {
    this.state = {
      ...outcome,
      count: this.state.count + 1,
      lastAt: Date.now(),
      configDigest: configDigest(this.current),
    };
  }
}
