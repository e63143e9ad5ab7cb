export { runCommandLine } from './commands.ts';
export { type CommandContext, type CommandWorld, EXIT } from './context.ts';
export { helpText } from './help.ts';
export { chooseLanguage, type Language } from './language.ts';
export { defineMessages, type MessageParams, type Text, type Translate } from './messages.ts';
export { Progress, paint } from './terminal.ts';
