export { checkConfig } from './check-config.ts';
export { checkHosts } from './check-hosts.ts';
export { isAlive, readPid } from './pid-file.ts';
export { runRouter } from './run.ts';
export { forbiddenModes, isRefusedWhenOpen, openTo } from './secret-files.ts';
export { loadSecurity, type SecurityFiles } from './security-files.ts';
export { openFilesLimit, startWarnings } from './start-warnings.ts';
