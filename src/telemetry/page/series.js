export const WINDOW_SECONDS = 15 * 60;
const NAMES = [
  'at',
  'connections',
  'clients',
  'inPerSecond',
  'outPerSecond',
  'droppedPerSecond',
  'latencyP50Ms',
  'latencyP95Ms',
  'latencyP99Ms',
  'queueBytes',
  'eventLoopMaxMs',
  'rssBytes',
  'cpuPercent',
];
/** Seconds without a sample that are drawn as a gap. */
const GAP_SECONDS = 3;

/** What the charts draw: columns of the last 15 minutes; `at` in seconds, as uPlot wants it. */
export class Series {
  constructor() {
    this.columns = Object.fromEntries(NAMES.map((name) => [name, []]));
  }

  /** Adds what is newer than what is there: the history of a router, or of the one after a restart. */
  addHistory(history) {
    const from = history.at.findIndex((at) => at / 1000 > this.newest);
    if (from < 0) return;
    for (let i = from; i < history.at.length; i++) {
      this.push((name) => history[name]?.[i] ?? null, history.at[i] / 1000);
    }
  }

  /** Adds one second. */
  add(sample) {
    if (sample === null || sample.at / 1000 <= this.newest) return;
    this.push((name) => sample[name] ?? null, sample.at / 1000);
  }

  get newest() {
    return this.columns.at.at(-1) ?? 0;
  }

  push(valueIn, at) {
    if (this.columns.at.length > 0 && at - this.newest > GAP_SECONDS) this.pushRow(() => null, this.newest + 1);
    this.pushRow(valueIn, at);
    const tooOld = this.columns.at.findIndex((time) => time >= at - WINDOW_SECONDS);
    if (tooOld > 0) for (const name of NAMES) this.columns[name].splice(0, tooOld);
  }

  pushRow(valueIn, at) {
    for (const name of NAMES) this.columns[name].push(name === 'at' ? at : valueIn(name));
  }
}
