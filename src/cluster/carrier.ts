/**
 * The transport between nodes. It is unreliable by contract: it may lose, repeat, reorder and delay messages, and does not
 * acknowledge any. The link above it numbers, acknowledges and repeats. A node is addressed by its instance id, the random
 * text that a process draws at its start; the carrier gets its own in its constructor.
 */
export interface Carrier {
  /** Largest message in bytes, for `send` and `announce`. May change with a new connection, before `onState(true)`. */
  readonly maxBytes: number;
  /** Instance ids of the reachable nodes; absent if the carrier cannot list them. */
  readonly peers?: Iterable<string>;
  /** Starts, and retries while it cannot connect. Called once. */
  open(events: CarrierEvents): void;
  /**
   * Sends one message to the node `peer`: the concatenation of `parts`, `bytes` in all. The parts must not be written to;
   * they may be sent later, but not kept beyond that. Never throws: a message to an unreachable node is dropped.
   */
  send(peer: string, parts: readonly Buffer[], bytes: number): void;
  /** Sends a message to all other nodes. Never throws. */
  announce(bytes: Buffer): void;
  /** Resolves when everything sent so far has left this process; absent if `send` does that synchronously. */
  flush?(): Promise<void>;
  /** Closes at once, without waiting for unsent messages. No event follows. */
  destroy(): void;
}

/** Events of a carrier, never raised from within a call of one of its methods. */
export interface CarrierEvents {
  /** A message that another node sent to this one. The bytes may be kept, never written to. */
  onData(bytes: Buffer): void;
  /** A message that another node announced. */
  onAnnounce(bytes: Buffer): void;
  /** True: connected; lost messages can be sent again. False: disconnected; nothing is delivered until it is true again. */
  onState(up: boolean): void;
  /** The process of `peer` has ended. Raised only by carriers that can detect it. */
  onPeerLost(peer: string): void;
}
