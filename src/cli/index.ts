export { type CommandContext, type CommandIo, EXIT, type PendingSignals } from './context.ts';
export { helpText } from './help.ts';
export { translateLegacy } from './legacy.ts';
export { fetchStatus } from './status-client.ts';
export { closeLostTerminals, Progress, paint } from './terminal.ts';
export { cliMessages } from './texts.ts';
