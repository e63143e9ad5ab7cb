export type { CommandContext, CommandIo, PendingSignals } from './context.ts';
export { type ControlRequest, type ControlResponse, callControlSocket } from './control-client.ts';
export { EXIT } from './exit-codes.ts';
export { cliMessages, helpText } from './help.ts';
export { withPriority } from './journal-priority.ts';
export { translateLegacy } from './legacy.ts';
export { fetchStatus, fetchStatusFrom, openStatusPath, type StatusEndpoint } from './status-client.ts';
export { closeLostTerminals, Progress, paint } from './terminal.ts';
