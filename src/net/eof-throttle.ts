/** A connection whose reading the throttle pauses. */
export interface ThrottledReader {
  /** True if it has received nothing lately, so that it can be paused. */
  readonly isIdle: boolean;
  /** Stops reading from the socket until `resumeSocket`. */
  pauseSocket(): void;
  resumeSocket(): void;
}

/** EOFs read per event-loop tick: two milliseconds of work. */
export const EOFS_PER_TICK = 256;
/** Pausing a connection costs about 1/10 of handling an EOF, so throttle only if EOFs exceed this share of the connections. */
const MIN_EOF_SHARE = 1 / 40;

/**
 * Spreads the EOFs of connections over event-loop ticks, so that a host that disconnects with thousands of them does not
 * block the others. Node has no setting for this: libuv reads up to 48 times 1024 sockets before any JavaScript timer runs.
 * So once a tick has had its share of EOFs, the idle connections are paused, and the next ticks resume some of them each.
 */
export class EofThrottle {
  private readonly readers: ReadonlySet<ThrottledReader>;
  private paused: ThrottledReader[] = [];
  private throttling = false;
  private eofsThisTick = 0;
  private readonly onTick = (): void => this.runTick();

  constructor(readers: ReadonlySet<ThrottledReader>) {
    this.readers = readers;
  }

  /** Call for each EOF, when it is read. */
  onEof(): void {
    if (this.eofsThisTick++ === 0 && !this.throttling) setImmediate(this.onTick);
    if (this.throttling || this.eofsThisTick < Math.max(EOFS_PER_TICK, this.readers.size * MIN_EOF_SHARE)) return;
    this.throttling = true;
    this.paused = [...this.readers].filter((reader) => reader.isIdle);
    for (const reader of this.paused) reader.pauseSocket();
  }

  private runTick(): void {
    for (const reader of this.paused.splice(0, EOFS_PER_TICK)) reader.resumeSocket();
    this.eofsThisTick = 0;
    this.throttling = this.paused.length > 0;
    if (this.throttling) setImmediate(this.onTick);
  }
}
