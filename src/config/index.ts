export { type ConfigChange, configDigest, diffConfig } from './diff-config.ts';
export { type ConfigInput, type LoadedConfig, loadConfig } from './load-config.ts';
export { OPTION_GROUPS } from './option-groups.ts';
export type { Option, OptionGroup, OptionScope, ReloadClass } from './option-types.ts';
export { configName, DEFAULT_CONFIG, environmentName, OPTIONS, type OptionKey, type RouterConfig } from './options.ts';
export { formatValue } from './parse-value.ts';
export { asYaml, type SampleOptions, sampleConfig } from './sample-config.ts';
export { type GivenValue, isFileKey, readFlags } from './sources.ts';
export { VERSION } from './version.ts';
