const WINDOW_SECONDS = 15 * 60;
/** Width of the charts while the router has run for less. */
const MIN_SECONDS = 120;
/** Seconds without a sample that are drawn as a gap. */
const GAP_SECONDS = 3;

/** The last 15 minutes in columns, for the charts; `at` is in seconds, as uPlot requires. */
export class Series {
  /** `names`: the columns besides `at`. */
  constructor(names) {
    this.names = names;
    this.columns = this.emptyColumns();
  }

  /** Merges a history in order of time with the existing samples, which may be from before a restart of the router. */
  addHistory(history) {
    if (history.at.length === 0) return;
    const first = history.at[0] / 1000;
    const last = history.at.at(-1) / 1000;
    const known = this.columns;
    this.columns = this.emptyColumns();
    const isGap = (i) => this.names.every((name) => known[name][i] === null);
    const keep = (isWanted) => {
      for (const [i, at] of known.at.entries()) {
        if (isWanted(at) && !isGap(i)) this.push((name) => known[name][i], at);
      }
    };
    keep((at) => at < first);
    for (const [i, at] of history.at.entries()) this.push((name) => history[name]?.[i] ?? null, at / 1000);
    keep((at) => at > last);
  }

  /** Adds the sample of one second, unless it is known. */
  add(sample) {
    if (sample === null || sample.at / 1000 <= this.newest) return;
    this.push((name) => sample[name] ?? null, sample.at / 1000);
  }

  get newest() {
    return this.columns.at.at(-1) ?? 0;
  }

  /** Width of the charts. */
  get windowSeconds() {
    return Math.max(MIN_SECONDS, this.newest - (this.columns.at[0] ?? 0));
  }

  push(valueIn, at) {
    if (this.columns.at.length > 0 && at - this.newest > GAP_SECONDS) this.pushRow(() => null, this.newest + 1);
    this.pushRow(valueIn, at);
    const tooOld = this.columns.at.findIndex((time) => time >= at - WINDOW_SECONDS);
    if (tooOld > 0) for (const column of Object.values(this.columns)) column.splice(0, tooOld);
  }

  pushRow(valueIn, at) {
    this.columns.at.push(at);
    for (const name of this.names) this.columns[name].push(valueIn(name));
  }

  emptyColumns() {
    return Object.fromEntries(['at', ...this.names].map((name) => [name, []]));
  }
}
