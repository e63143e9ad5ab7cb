export { formatBytes, formatDuration, formatMs, formatRate } from './format.ts';
export { chooseLanguage } from './language.ts';
export { defineMessages, type Translate } from './messages.ts';
export { explainSystemError } from './system-error.ts';
export { bothLanguages, type Language, Problems, type Text } from './text.ts';
