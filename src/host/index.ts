export { openLogFile, UnsafeLogFile } from './log-file.ts';
export { openFilesLimit, openFilesNeeded } from './open-files.ts';
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
