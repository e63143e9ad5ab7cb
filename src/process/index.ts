export { checkHosts } from './check-hosts.ts';
export { describeStartError } from './describe-start-error.ts';
export { frozenChanges } from './frozen-changes.ts';
export { type OpenLog, openLog } from './log-output.ts';
export { ReadyNotice } from './ready-notice.ts';
export { ConfigurationError, refuseStart, runService, type Service, type ServiceContext } from './run-service.ts';
export { startWarnings, workerMemoryLimit } from './start-warnings.ts';
