import type { AddressInfo } from 'node:net';
import type { Listener } from '../net/index.ts';

/** A socket that the parent has sent. */
export interface SharedHandle {
  close(): void;
}

/**
 * Opens and closes the worker's side of the socket that all workers accept from. With all connections of its share in use
 * a worker stops accepting at once, so that the others accept what it would have to refuse.
 */
export class AcceptGate {
  private readonly limit: () => number;
  private readonly onFull: (admitted: number) => void;
  private listener: Listener | null = null;
  private isOpen = false;
  private isClosed = false;
  private pausesWhenFull = true;
  private receiveFirst: (handle: SharedHandle) => void = () => {};

  constructor(limit: () => number, onFull: (admitted: number) => void) {
    this.limit = limit;
    this.onFull = onFull;
  }

  get admitted(): number {
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
    if (!this.isOpen || !this.pausesWhenFull || admitted < this.limit()) return;
    this.pause();
    this.onFull(admitted);
  }
}
