import { createHash } from 'node:crypto';
import type { Option, ReloadClass } from './option-types.ts';
import { configName, OPTIONS, type RouterConfig } from './options.ts';
import { formatValue } from './parse-value.ts';

/** An option changed by a reload. Values are in their written form, empty for none. */
export interface ConfigChange {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly reload: ReloadClass;
}

/** Changed router options, in table order. Options of the commands are ignored: a running router does not use them. */
export function diffConfig(old: RouterConfig, next: RouterConfig): ConfigChange[] {
  return routerOptions()
    .filter((option) => old[configName(option)] !== next[configName(option)])
    .map((option) => ({
      key: option.key,
      from: formatValue(option, old[configName(option)]),
      to: formatValue(option, next[configName(option)]),
      reload: reloadClass(option, old, next),
    }));
}

/**
 * TLS files can be replaced at runtime; enabling or disabling TLS needs a restart. Tokens can be enabled at runtime but not
 * disabled: a line missing from the configuration file must not open the router.
 */
function reloadClass(option: Option, old: RouterConfig, next: RouterConfig): ReloadClass {
  const togglesTls =
    (old.tlsCert === null) !== (next.tlsCert === null) || (old.tlsClientCa === null) !== (next.tlsClientCa === null);
  const isTokenFile = option.key === 'auth-tokens-file' || option.key === 'access-file';
  const dropsTokens = next.authTokensFile === null && next.accessFile === null;
  const isFrozen = isTokenFile ? dropsTokens : option.key.startsWith('tls-') && togglesTls;
  return isFrozen ? 'restart' : option.reload;
}

/** A short digest that identifies an effective configuration. */
export function configDigest(config: RouterConfig): string {
  const values = routerOptions().map((option) => [option.key, config[configName(option)]]);
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 12);
}

function routerOptions(): Option[] {
  return (OPTIONS as readonly Option[]).filter((option) => option.scope === 'router');
}
