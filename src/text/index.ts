export { formatBytes, formatDuration, formatMs, formatRate } from './format.ts';
export { chooseLanguage, defineMessages, pluralForm, type Translate } from './messages.ts';
export { explainSystemError, isSystemError } from './system-error.ts';
export { bothLanguages, type Language, Problems, type Text } from './text.ts';
