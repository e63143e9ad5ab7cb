import type { OptionKey, RouterConfig } from './options.ts';

/** Where an option's value came from, and how much that counts: the higher, the more. */
export interface Origin {
  readonly where: string;
  readonly rank: number;
}

export type Origins = ReadonlyMap<OptionKey, Origin>;

/** True when `verbose` and `quiet` are asked for in the same place. */
export function hasLevelConflict({ verbose, quiet }: RouterConfig, origins: Origins): boolean {
  return verbose && quiet && rankOf('verbose', origins) === rankOf('quiet', origins);
}

/**
 * `verbose` and `quiet` are short for a level. Whatever stands in the more important place decides; in the same place a
 * level that is given itself counts more. Notes in `origins` where the level came from.
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
