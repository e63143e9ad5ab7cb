const STAR = 0x2a;
const DOT = 0x2e;

/**
 * A pattern with `*` for any run of characters but `.`, and `**` for any run. Matching allocates nothing: names come with
 * messages. A mismatch returns to the last star, then to the last double star; earlier ones need no second try, since the
 * part between two stars is matched at its first place.
 */
export class Glob {
  readonly text: string;
  /** Literal text and stars, in order: `***` counts as `**`. */
  private readonly pattern: string;

  constructor(text: string) {
    this.text = text;
    this.pattern = text.replace(/\*{3,}/g, '**');
  }

  matches(name: string): boolean {
    const { pattern } = this;
    let p = 0;
    let n = 0;
    // the pattern behind the last star and double star, and the end of the run that each has matched so far
    let afterStar = -1;
    let starEnd = 0;
    let afterDouble = -1;
    let doubleEnd = 0;
    for (;;) {
      if (p < pattern.length && pattern.charCodeAt(p) === STAR) {
        if (pattern.charCodeAt(p + 1) === STAR) {
          p += 2;
          afterDouble = p;
          doubleEnd = n;
          afterStar = -1;
        } else {
          p++;
          afterStar = p;
          starEnd = n;
        }
      } else if (n === name.length && p === pattern.length) return true;
      else if (n < name.length && p < pattern.length && pattern.charCodeAt(p) === name.charCodeAt(n)) {
        p++;
        n++;
      } else if (afterStar >= 0 && starEnd < name.length && name.charCodeAt(starEnd) !== DOT) {
        starEnd++;
        n = starEnd;
        p = afterStar;
      } else if (afterDouble >= 0 && doubleEnd < name.length) {
        doubleEnd++;
        n = doubleEnd;
        p = afterDouble;
        afterStar = -1;
      } else return false;
    }
  }
}
