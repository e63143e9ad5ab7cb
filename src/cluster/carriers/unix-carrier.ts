import { readdirSync, renameSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../router/index.ts';
import type { Carrier, CarrierEvents } from '../carrier.ts';
import { MAX_FRAME_BYTES } from './frame-splitter.ts';
import { UnixConnection, type UnixConnectionEvents } from './unix-connection.ts';

export interface UnixCarrierOptions {
  /** Private folder of the sockets: write access to it permits impersonation of a node. */
  readonly folder: string;
  readonly instance: string;
  readonly clock: Clock;
  /** Reason of a failure, for the log. */
  readonly onIssue: (issue: string) => void;
}

const REDIAL_MS = 100;
/** Name of a socket that does not listen yet. */
const UNFINISHED = '.new';

/**
 * Joins the processes of one machine by Unix sockets in a common folder. Each listens on a socket named after its instance and
 * connects to the sockets present at its start, so that any two processes have a connection. The end of a process is detected
 * at once: its connections close.
 */
export class UnixCarrier implements Carrier, UnixConnectionEvents {
  readonly maxBytes = MAX_FRAME_BYTES;
  private readonly options: UnixCarrierOptions;
  private readonly server: Server;
  /** Open connections by peer. Two processes that start at once may have two: the older one is used. */
  private readonly connections = new Map<string, Set<UnixConnection>>();
  private readonly unnamed = new Set<UnixConnection>();
  private readonly dialled = new Set<UnixConnection>();
  private events: CarrierEvents | null = null;

  constructor(options: UnixCarrierOptions) {
    this.options = options;
    this.server = createServer((socket) => this.unnamed.add(new UnixConnection(socket, options.instance, null, this)));
    this.server.on('error', ({ message }) => options.onIssue(message));
  }

  /** Connected processes. */
  get peers(): Iterable<string> {
    return this.connections.keys();
  }

  open(events: CarrierEvents): void {
    const { folder, instance } = this.options;
    this.events = events;
    const path = join(folder, instance);
    this.server.listen(`${path}${UNFINISHED}`, () => {
      // a socket has its final name only once it listens: a refused connection then means that its process has ended
      renameSync(`${path}${UNFINISHED}`, path);
      const others = readdirSync(folder).filter((name) => name !== instance && !name.endsWith(UNFINISHED));
      void Promise.all(others.map((name) => this.dial(name))).then(() => this.events?.onState(true));
    });
  }

  send(peer: string, parts: readonly Buffer[], bytes: number): void {
    this.connectionTo(peer)?.send(parts, bytes);
  }

  announce(bytes: Buffer): void {
    for (const peer of this.connections.keys()) this.connectionTo(peer)?.announce(bytes);
  }

  async flush(): Promise<void> {
    await Promise.all([...this.all()].map((connection) => connection.flush()));
  }

  destroy(): void {
    this.events = null;
    this.server.close();
    removeSocket(join(this.options.folder, this.options.instance));
    for (const connection of [...this.all(), ...this.unnamed]) connection.destroy();
  }

  // events of the connections

  onHello(connection: UnixConnection, peer: string): void {
    this.unnamed.delete(connection);
    this.add(connection, peer);
  }

  private add(connection: UnixConnection, peer: string): void {
    const connections = this.connections.get(peer);
    if (connections === undefined) this.connections.set(peer, new Set([connection]));
    else connections.add(connection);
  }

  onData(bytes: Buffer): void {
    this.events?.onData(bytes);
  }

  onAnnounce(bytes: Buffer): void {
    this.events?.onAnnounce(bytes);
  }

  onClosed(connection: UnixConnection): void {
    this.unnamed.delete(connection);
    const { peer } = connection;
    if (peer === null) return;
    this.remove(peer, connection);
    // reconnect to a process that still runs
    if (this.dialled.delete(connection)) this.options.clock.after(REDIAL_MS, () => void this.dial(peer));
  }

  private remove(peer: string, connection: UnixConnection): void {
    const connections = this.connections.get(peer);
    connections?.delete(connection);
    if (connections?.size !== 0) return;
    this.connections.delete(peer);
    this.events?.onPeerLost(peer);
  }

  /** Resolves when the connection is open or cannot be. */
  private dial(peer: string): Promise<void> {
    if (this.events === null) return Promise.resolve();
    const { folder, instance } = this.options;
    const path = join(folder, peer);
    return new Promise((resolve) => {
      const socket = connect(path);
      socket.once('error', (error: NodeJS.ErrnoException) => {
        this.onRefused(path, peer, error);
        resolve();
      });
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        const connection = new UnixConnection(socket, instance, peer, this);
        this.dialled.add(connection);
        this.add(connection, peer);
        resolve();
      });
    });
  }

  private onRefused(path: string, peer: string, { code, message }: NodeJS.ErrnoException): void {
    if (code === 'ECONNREFUSED') removeSocket(path);
    else if (code !== 'ENOENT') {
      this.options.onIssue(message);
      this.options.clock.after(REDIAL_MS, () => void this.dial(peer));
    }
  }

  private connectionTo(peer: string): UnixConnection | undefined {
    return this.connections.get(peer)?.values().next().value;
  }

  private *all(): Iterable<UnixConnection> {
    for (const connections of this.connections.values()) yield* connections;
  }
}

function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
