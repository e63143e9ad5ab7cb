export type { Language, Text } from '../text/index.ts';
export { runCommandLine } from './commands.ts';
export { type CommandContext, type CommandWorld, EXIT, type PendingSignals } from './context.ts';
export { helpText } from './help.ts';
export { chooseLanguage } from './language.ts';
export { defineMessages, type MessageParams, type Translate } from './messages.ts';
export { Progress, paint, surviveLostTerminal } from './terminal.ts';
