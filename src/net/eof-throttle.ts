/** A connection as far as it is read. */
export interface PacedReader {
  /** Whether it has said nothing of late, and can wait to be read. */
  readonly isQuiet: boolean;
  /** Reads nothing more until `readOn`. */
  hold(): void;
  readOn(): void;
}

/** Ends that are read in one turn of the event loop: two milliseconds of work. */
export const ENDS_PER_TURN = 256;
/** To hold a connection costs a tenth of reading an end, so there have to be enough ends for it to be worth it. */
const LEAST_SHARE = 1 / 40;

/**
 * Spreads the ends of connections over event-loop turns, so that a host that goes away with thousands of them keeps nobody
 * waiting. Node offers no way to say otherwise: libuv reads up to 48 times 1024 sockets before anything else runs. So when a
 * turn has had its ends, those who are quiet are not read on, and the turns that follow take them up again.
 */
export class EndPacer {
  private readonly open: ReadonlySet<PacedReader>;
  private held: PacedReader[] = [];
  private isHolding = false;
  private endsThisTurn = 0;
  private readonly onTurn = (): void => this.turn();

  constructor(open: ReadonlySet<PacedReader>) {
    this.open = open;
  }

  /** To be told of each end, when it is read. */
  came(): void {
    if (this.endsThisTurn++ === 0 && !this.isHolding) setImmediate(this.onTurn);
    if (this.isHolding || this.endsThisTurn < Math.max(ENDS_PER_TURN, this.open.size * LEAST_SHARE)) return;
    this.isHolding = true;
    this.held = [...this.open].filter((reader) => reader.isQuiet);
    for (const reader of this.held) reader.hold();
  }

  private turn(): void {
    for (const reader of this.held.splice(0, ENDS_PER_TURN)) reader.readOn();
    this.endsThisTurn = 0;
    this.isHolding = this.held.length > 0;
    if (this.isHolding) setImmediate(this.onTurn);
  }
}
