import type { Language, Text } from './text.ts';

export type MessageParams = Readonly<Record<string, string | number>>;
export type Translate<K extends string> = (key: K, params?: MessageParams) => string;

const PLACEHOLDER = /\{(\w+)(?::([^{}]+))?\}/g;
const PLURAL_RULES = { en: new Intl.PluralRules('en'), ru: new Intl.PluralRules('ru') } as const;
/** The categories of the forms that a text lists, in this order. */
const PLURAL_CATEGORIES: Readonly<Record<Language, readonly Intl.LDMLPluralRule[]>> = {
  en: ['one', 'other'],
  ru: ['one', 'few', 'many'],
};

/** The form of a noun that belongs to a count: `day|days`, `день|дня|дней`. Fractions take the last form in English, the second in Russian. */
export function pluralForm(lang: Language, count: number, forms: string): string {
  const list = forms.split('|');
  const index = PLURAL_CATEGORIES[lang].indexOf(PLURAL_RULES[lang].select(count));
  return list[index < 0 ? 1 : index] ?? (list.at(-1) as string);
}

/**
 * Defines a message catalogue. `catalogue(lang)` returns a translate function that replaces `{name}` by the parameter and
 * `{name:day|days}` by the plural form of its value. A missing parameter stays visible as `{name}`, so that tests detect it.
 */
export function defineMessages<const T extends Readonly<Record<string, Text>>>(
  texts: T,
): (lang: Language) => Translate<keyof T & string> {
  return (lang) =>
    (key, params = {}) =>
      (texts[key] as Text)[lang].replace(PLACEHOLDER, (whole, name: string, forms?: string) => {
        const value = params[name];
        if (value === undefined) return whole;
        return forms === undefined ? String(value) : pluralForm(lang, Number(value), forms);
      });
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Precedence: `--lang`, the locale (first set of `LC_ALL`, `LC_MESSAGES`, `LANG`), English. */
export function chooseLanguage(given: string | null, env: Environment): Language {
  if (given === 'en' || given === 'ru') return given;
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value !== undefined && value !== '');
  return locale !== undefined && /^ru([_.@-]|$)/i.test(locale) ? 'ru' : 'en';
}
