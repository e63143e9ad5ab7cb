import type { Socket } from 'node:net';
import { encodeFrame, FRAME, FrameSplitter } from './frame-splitter.ts';

/** Unsent bytes beyond which messages are dropped. The links above keep less than this unacknowledged. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

export interface UnixConnectionEvents {
  /** A process that has dialled this one has sent its instance id. */
  onHello(connection: UnixConnection, peer: string): void;
  onData(bytes: Buffer): void;
  onAnnounce(bytes: Buffer): void;
  onClosed(connection: UnixConnection): void;
}

/** A connection to another process of this machine. */
export class UnixConnection {
  /** Instance id of the other process; null until a process that has dialled this one has sent it. */
  peer: string | null;
  private readonly socket: Socket;
  private readonly events: UnixConnectionEvents;
  private readonly uncork = (): void => this.socket.uncork();

  constructor(socket: Socket, instance: string, peer: string | null, events: UnixConnectionEvents) {
    this.socket = socket;
    this.peer = peer;
    this.events = events;
    const splitter = new FrameSplitter((kind, payload) => this.onFrame(kind, payload));
    socket.on('data', (chunk) => {
      if (!splitter.add(chunk)) socket.destroy();
    });
    socket.on('error', () => {}); // followed by close
    socket.once('close', () => events.onClosed(this));
    const name = Buffer.from(instance);
    this.write(FRAME.hello, [name], name.length);
  }

  send(parts: readonly Buffer[], bytes: number): void {
    this.write(FRAME.data, parts, bytes);
  }

  announce(bytes: Buffer): void {
    this.write(FRAME.announcement, [bytes], bytes.length);
  }

  /** Resolves when everything has been written, or the connection is closed. */
  flush(): Promise<void> {
    const { socket } = this;
    if (socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.write('', () => resolve());
    });
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** All frames of a tick leave in one write. */
  private write(kind: number, parts: readonly Buffer[], bytes: number): void {
    const { socket } = this;
    if (socket.destroyed || socket.writableLength > MAX_UNSENT_BYTES) return;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(this.uncork);
    }
    socket.write(encodeFrame(kind, parts, bytes));
  }

  private onFrame(kind: number, payload: Buffer): void {
    if (this.peer === null) {
      // the first frame; any other one is not of this protocol
      if (kind === FRAME.hello) {
        this.peer = payload.toString();
        this.events.onHello(this, this.peer);
      } else this.destroy();
    } else if (kind === FRAME.data) this.events.onData(payload);
    else if (kind === FRAME.announcement) this.events.onAnnounce(payload);
  }
}
