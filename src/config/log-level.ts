import type { OptionKey, RouterConfig } from './options.ts';

/** Source of an option value. Sources with a higher `rank` take precedence. */
export interface Origin {
  readonly where: string;
  readonly rank: number;
}

export type Origins = ReadonlyMap<OptionKey, Origin>;

/** True if the same source sets both `verbose` and `quiet`. */
export function hasLevelConflict({ verbose, quiet }: RouterConfig, origins: Origins): boolean {
  return verbose && quiet && rankOf('verbose', origins) === rankOf('quiet', origins);
}

/**
 * Resolves `verbose` and `quiet` to a log level. The source with the higher rank wins; within one source an explicit level
 * wins. Updates the origin of `log-level`.
 */
export function resolveLogLevel(config: RouterConfig, origins: Map<OptionKey, Origin>): RouterConfig {
  const verbose = config.verbose && !(config.quiet && rankOf('quiet', origins) > rankOf('verbose', origins));
  const quiet = config.quiet && !verbose;
  const settled = { ...config, verbose, quiet };
  if (!verbose && !quiet) return settled;
  const origin = origins.get(verbose ? 'verbose' : 'quiet');
  if (origin === undefined || rankOf('log-level', origins) >= origin.rank) return settled;
  origins.set('log-level', origin);
  return { ...settled, logLevel: verbose ? 'debug' : 'error' };
}

function rankOf(key: OptionKey, origins: Origins): number {
  return origins.get(key)?.rank ?? -1;
}
