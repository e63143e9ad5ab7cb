const WINDOW_SECONDS = 15 * 60;
/** What is shown of a router that runs for less. */
const LEAST_SECONDS = 120;
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

const emptyColumns = () => Object.fromEntries(NAMES.map((name) => [name, []]));

/** What the charts draw: columns of the last 15 minutes; `at` in seconds, as uPlot wants it. */
export class Series {
  constructor() {
    this.columns = emptyColumns();
  }

  /** Puts the history of a router where it belongs among what is there, which may be of the router before a restart. */
  addHistory(history) {
    if (history.at.length === 0) return;
    const first = history.at[0] / 1000;
    const last = history.at.at(-1) / 1000;
    const known = this.columns;
    this.columns = emptyColumns();
    const keep = (isWanted) => {
      for (const [i, at] of known.at.entries()) {
        if (isWanted(at) && known.connections[i] !== null) this.push((name) => known[name][i], at);
      }
    };
    keep((at) => at < first);
    for (const [i, at] of history.at.entries()) this.push((name) => history[name]?.[i] ?? null, at / 1000);
    keep((at) => at > last);
  }

  /** Adds one second. */
  add(sample) {
    if (sample === null || sample.at / 1000 <= this.newest) return;
    this.push((name) => sample[name] ?? null, sample.at / 1000);
  }

  get newest() {
    return this.columns.at.at(-1) ?? 0;
  }

  /** How far back the charts show at the moment. */
  get windowSeconds() {
    return Math.max(LEAST_SECONDS, this.newest - (this.columns.at[0] ?? 0));
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
