import type { Language, Text } from './text.ts';

export type MessageParams = Readonly<Record<string, string | number>>;
export type Translate<K extends string> = (key: K, params?: MessageParams) => string;

/**
 * Makes a catalogue of texts, in which `{name}` stands for a parameter; `catalogue(lang)` gives the function that says them. A parameter without a value stays as
 * `{name}`, which a test finds at once.
 */
export function defineMessages<const T extends Readonly<Record<string, Text>>>(
  texts: T,
): (lang: Language) => Translate<keyof T & string> {
  return (lang) =>
    (key, params = {}) =>
      (texts[key] as Text)[lang].replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
