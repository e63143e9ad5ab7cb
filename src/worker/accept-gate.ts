import type { AddressInfo } from 'node:net';
import type { Listener } from '../net/index.ts';

/** A socket that the parent has sent. */
export interface SharedHandle {
  close(): void;
}

/** Node.js accepts all waiting connections in one tick: without a pause a burst would go to the first worker that wakes up. */
const BURST = 16;

/**
 * Opens and closes the worker's side of the socket that all workers accept from. With all connections of its share in use,
 * and after a burst, it stops accepting at once and reports its connections, so that the parent can choose another worker.
 */
export class AcceptGate {
  private readonly limit: () => number;
  private readonly onPaused: (admitted: number) => void;
  private listener: Listener | null = null;
  /** Connections that the parent knows of. */
  private reported = 0;
  private isOpen = false;
  private isClosed = false;
  private pausesWhenFull = true;
  private receiveFirst: (handle: SharedHandle) => void = () => {};

  constructor(limit: () => number, onPaused: (admitted: number) => void) {
    this.limit = limit;
    this.onPaused = onPaused;
  }

  /** Connections, for the parent. */
  report(): number {
    this.reported = this.admitted;
    return this.reported;
  }

  private get admitted(): number {
    return this.listener?.admitted ?? 0;
  }

  /** Waits for the socket and listens on it. */
  async listen(listener: Listener, onReady: () => void): Promise<AddressInfo> {
    const first = new Promise<SharedHandle>((resolve) => {
      this.receiveFirst = resolve;
    });
    onReady();
    const handle = await first;
    this.listener = listener;
    return this.open(handle);
  }

  /** Accepts connections on `handle`. */
  async accept(handle: SharedHandle, pausesWhenFull: boolean): Promise<void> {
    this.pausesWhenFull = pausesWhenFull;
    if (this.listener === null) this.receiveFirst(handle);
    else if (this.isOpen || this.isClosed) {
      handle.close();
      this.observe(this.admitted);
    } else await this.open(handle);
  }

  pause(): void {
    if (this.isOpen) this.listener?.pauseAccepting();
    this.isOpen = false;
  }

  /** Pauses for good. */
  close(): void {
    this.pause();
    this.isClosed = true;
  }

  private open(handle: SharedHandle): Promise<AddressInfo> {
    const { listener } = this;
    if (listener === null) throw new Error('the worker has no listener yet');
    this.isOpen = true;
    return listener
      .listenOn(handle, (admitted) => this.observe(admitted))
      .then((address) => {
        this.observe(listener.admitted);
        return address;
      });
  }

  private observe(admitted: number): void {
    if (!this.isOpen || !this.pausesWhenFull) return;
    // connections may have been closed since the last report
    this.reported = Math.min(this.reported, admitted - 1);
    if (admitted < this.limit() && admitted - this.reported < BURST) return;
    this.pause();
    this.reported = admitted;
    this.onPaused(admitted);
  }
}
