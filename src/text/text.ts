export type Language = 'en' | 'ru';

/** A localized user-facing string. Logs and the wire protocol use English. */
export interface Text {
  readonly en: string;
  readonly ru: string;
}

/** A text that is not translated: a name, a path, a message of a library. */
export function bothLanguages(text: string): Text {
  return { en: text, ru: text };
}

/** All problems of a user's input. The error message is English, for logs. */
export class Problems extends Error {
  readonly list: readonly Text[];

  constructor(...list: readonly Text[]) {
    super(list.map(({ en }) => en).join('\n'));
    this.list = list;
  }
}
