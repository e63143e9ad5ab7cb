export { openLogFile, UnsafeLogFile } from './log-file.ts';
export { openFilesLimit, openFilesNeeded } from './open-files.ts';
export { assetFile, packageFile, programFile } from './package-file.ts';
export {
  hasSameOwner,
  isAlive,
  isOlderThan,
  isRouter,
  isSameProgram,
  isYoungerThan,
  processMemoryBytes,
  processUptimeMs,
  readPid,
  startOf,
  stateOf,
} from './processes.ts';
export { workerCount } from './processors.ts';
export { sourceStack } from './source-stack.ts';
