export { apiOrigins } from './check-api.ts';
export { clusterServers } from './check-cluster.ts';
export { controlSocketBeside } from './control-socket.ts';
export { type ConfigChange, configDigest, diffConfig } from './diff-config.ts';
export { isLoopback } from './host.ts';
export { type ConfigInput, type LoadedConfig, loadConfig } from './load-config.ts';
export { nearestName } from './nearest-name.ts';
export { OPTION_GROUPS, type Option, type OptionGroup, type OptionScope, type ReloadClass } from './option-types.ts';
export {
  configName,
  DEFAULT_CONFIG,
  environmentName,
  OPTIONS,
  type OptionKey,
  type RouterConfig,
  VERSION,
} from './options.ts';
export { expandHome, formatValue } from './parse-value.ts';
export { asYaml, type SampleOptions, sampleConfig } from './sample-config.ts';
export { serviceLinkWarning } from './service-links.ts';
export { isFileKey, readFlags, type SourceValue } from './sources.ts';
export { trustedProxies } from './trusted-proxies.ts';
