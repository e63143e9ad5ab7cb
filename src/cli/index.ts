export { type CommandContext, type CommandWorld, EXIT, type PendingSignals } from './context.ts';
export { helpText } from './help.ts';
export { translateLegacy } from './legacy.ts';
export { askStatus } from './status-client.ts';
export { Progress, paint, surviveLostTerminal } from './terminal.ts';
export { cliMessages } from './texts.ts';
