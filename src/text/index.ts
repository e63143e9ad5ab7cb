export { formatBytes, formatDuration, formatMs, formatRate } from './format.ts';
export { chooseLanguage, defineMessages, type Translate } from './messages.ts';
export { explainSystemError } from './system-error.ts';
export { bothLanguages, type Language, Problems, type Text } from './text.ts';
