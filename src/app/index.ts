export { isAlive, readPid } from './pid-file.ts';
export { runRouter } from './run.ts';
export { loadSecurity, type SecurityFiles } from './security-files.ts';
export { openFilesLimit, startWarnings } from './start-warnings.ts';
