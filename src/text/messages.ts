import type { Language, Text } from './text.ts';

export type MessageParams = Readonly<Record<string, string | number>>;
export type Translate<K extends string> = (key: K, params?: MessageParams) => string;

/**
 * Defines a message catalogue. `catalogue(lang)` returns a translate function that replaces `{name}` by the parameter; a
 * missing parameter stays visible as `{name}`, so that tests detect it.
 */
export function defineMessages<const T extends Readonly<Record<string, Text>>>(
  texts: T,
): (lang: Language) => Translate<keyof T & string> {
  return (lang) =>
    (key, params = {}) =>
      (texts[key] as Text)[lang].replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Precedence: `--lang`, the locale (first set of `LC_ALL`, `LC_MESSAGES`, `LANG`), English. */
export function chooseLanguage(given: string | null, env: Environment): Language {
  if (given === 'en' || given === 'ru') return given;
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value !== undefined && value !== '');
  return locale !== undefined && /^ru([_.@-]|$)/i.test(locale) ? 'ru' : 'en';
}
