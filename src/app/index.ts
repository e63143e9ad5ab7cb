export { CAPABILITIES, type Capabilities, probeCapabilities } from './capabilities.ts';
export { checkConfig } from './check-config.ts';
export { runRouter } from './run.ts';
export { forbiddenModes, isRefusedWhenOpen, openTo } from './secret-files.ts';
export { checkTokensFile, loadSecurity, type SecurityFiles } from './security-files.ts';
