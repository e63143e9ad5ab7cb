export type Language = 'en' | 'ru';

/** One text for people, in both languages. Logs and the wire take the English one. */
export interface Text {
  readonly en: string;
  readonly ru: string;
}

/** A text that is the same in every language: a name, a path, a library's own words. */
export function bothLanguages(text: string): Text {
  return { en: text, ru: text };
}

/** What is wrong with something that a user gave, all of it at once. The message is English, for a log. */
export class Problems extends Error {
  readonly list: readonly Text[];

  constructor(...list: readonly Text[]) {
    super(list.map(({ en }) => en).join('\n'));
    this.list = list;
  }
}
