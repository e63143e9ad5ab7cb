import type { Socket } from 'node:net';
import { type NodeInternals, type SocketWriter, socketWriter } from '../net/index.ts';

/** Notified when its write is complete. */
export interface WriteOwner {
  onWriteComplete(): void;
}

interface PendingWrite {
  readonly owner: WriteOwner;
  readonly first: Buffer;
  readonly rest: readonly Buffer[];
  readonly bytes: number;
}

/** Writes of several buffers are joined up to this size. */
const MAX_JOINED_BYTES = 64 * 1024;

/** The data frames of one WebSocket, in order and one write at a time. `ws` writes its control frames between them. */
export class Output {
  private readonly socket: Socket;
  private readonly writer: SocketWriter;
  private readonly writeCallback = (error?: Error | null): void => this.onWritten(error);
  private current: WriteOwner | null = null;
  private readonly pending: PendingWrite[] = [];
  private completed = 0;
  private completedBefore = 0;
  /** Time at which a sweep first saw the current write in flight; 0 for none. */
  private writeSeenMs = 0;

  /** `isTls`: a TLS socket accepts one write at a time, so writes share the queue of `ws`. */
  constructor(socket: Socket, internals: NodeInternals, isTls: boolean) {
    this.socket = socket;
    this.writer = socketWriter(internals.fastWrite && !isTls);
  }

  write(owner: WriteOwner, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.current !== null) this.pending.push({ owner, first, rest, bytes });
    else this.start(owner, first, rest, bytes);
  }

  /** Minimum time that the current write has been in flight, measured by calls of this method; 0 without a write. */
  checkStalledMs(nowMs: number): number {
    const isSame = this.current !== null && this.completed === this.completedBefore;
    this.completedBefore = this.completed;
    if (!isSame) this.writeSeenMs = nowMs;
    return nowMs - this.writeSeenMs;
  }

  private start(owner: WriteOwner, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    const { socket, writer, writeCallback } = this;
    this.current = owner;
    if (rest.length === 0) writer.write(socket, first, writeCallback);
    else if (bytes <= MAX_JOINED_BYTES) writer.write(socket, joined(first, rest, bytes), writeCallback);
    else writer.writeAll(socket, [first, ...rest], writeCallback);
  }

  private onWritten(error: Error | null | undefined): void {
    const { current } = this;
    this.current = null;
    this.completed++;
    if (error) {
      this.pending.length = 0;
      return;
    }
    const next = this.pending.shift();
    if (next !== undefined) this.start(next.owner, next.first, next.rest, next.bytes);
    current?.onWriteComplete();
  }
}

/** One buffer of `bytes`; `Buffer.concat` costs more for small ones. */
function joined(first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafe(bytes);
  whole.set(first);
  let at = first.length;
  for (const buffer of rest) {
    whole.set(buffer, at);
    at += buffer.length;
  }
  return whole;
}
