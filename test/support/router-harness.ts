import assert from 'node:assert/strict';
import { SessionTokens } from '../../src/access/session-tokens.ts';
import { GrpcP2pStream } from '../../src/grpc/p2p-stream.ts';
import { ReassemblyBudget } from '../../src/grpc/reassembly-budget.ts';
import {
  ANONYMOUS,
  Client,
  type ClientProfile,
  type CloseReason,
  Counters,
  closeReasonText,
  type EndStatus,
  type Identity,
  type Limits,
  type RouterConnection,
  RouterCore,
  type SendQueue,
  type Session,
  type StreamTransport,
} from '../../src/router/index.ts';
import { DOUBLE, type Framing, SINGLE } from '../../src/wire/index.ts';
import { type CborMap, decodeCborMap, type Encodable, encodeCbor } from './cbor.ts';
import { FakeClock } from './fake-clock.ts';
import { type ClientFraming, FrameReader, frameBody } from './framing.ts';

const LIMITS: Limits = {
  maxMessageBytes: 64 * 1024,
  maxSendQueueBytes: 100_000,
  maxBufferBytes: 10_000_000,
  writeDeadlineMs: 10_000,
  maxClientsPerConnection: 100,
  maxGroups: 10,
  maxPendingRequests: 3,
  clientTimeoutMs: 300_000,
  healthCheckIntervalMs: 30_000,
  sessionWindowMs: 60_000,
  sessionBufferBytes: 1024 * 1024,
};

/** The remote end of a stream: keeps the bytes written, and completes a write at the end of the tick unless `reads` is false. */
export class FakeTransport implements StreamTransport {
  reads = true;
  readonly batches: Buffer[] = [];
  ended: readonly [EndStatus, string] | null = null;
  abortedWith: string | null = null;
  queue: SendQueue | null = null;
  paused = false;
  onWrite: () => void = () => {};
  private writePending = false;

  queueFraming(grpc: Framing): Framing {
    return grpc;
  }

  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    assert.equal(this.writePending, false, 'one write at a time is with the transport');
    const batch = rest.length === 0 ? first : Buffer.concat([first, ...rest]);
    assert.ok(bytes > 0 && bytes === batch.length);
    this.batches.push(batch);
    this.writePending = true;
    this.onWrite();
  }

  end(status: EndStatus, details: string): void {
    this.ended ??= [status, details];
  }

  abort(reason: CloseReason): void {
    this.abortedWith = closeReasonText(reason);
  }

  pauseReading(): void {
    this.paused = true;
  }

  resumeReading(): void {
    this.paused = false;
  }

  /** Completes the last write; false without one. */
  completeWrite(): boolean {
    if (!this.writePending) return false;
    this.writePending = false;
    this.queue?.onWriteComplete();
    return true;
  }
}

export interface JoinOptions extends Partial<ClientProfile> {
  readonly framing?: ClientFraming;
  readonly connection?: RouterConnection;
  readonly identity?: Identity;
}

/** The client of a p2p or `events` stream. */
export class Peer {
  readonly harness: RouterHarness;
  readonly transport: FakeTransport;
  readonly framing: ClientFraming;
  private readonly stream: GrpcP2pStream | null;
  private readonly reader: FrameReader;
  private batchesRead = 0;

  constructor(bench: RouterHarness, outlet: FakeTransport, stream: GrpcP2pStream | null, framing: ClientFraming) {
    this.harness = bench;
    this.transport = outlet;
    this.stream = stream;
    this.framing = framing;
    this.reader = new FrameReader(framing);
  }

  /** The stream as its transport drives it. */
  get p2p(): GrpcP2pStream {
    assert.ok(this.stream);
    return this.stream;
  }

  get session(): Session {
    return this.p2p.session;
  }

  /** The client that the stream is attached to. */
  get client(): Client {
    assert.ok(this.session.client);
    return this.session.client;
  }

  get id(): string {
    return this.client.id;
  }

  /** Sends messages in one tick. */
  send(...messages: readonly Encodable[]): void {
    this.sendBytes(Buffer.concat(messages.map((message) => frameBody(encodeCbor(message), this.framing))));
  }

  sendBytes(bytes: Buffer): void {
    this.p2p.receive(bytes, 0, bytes.length);
    this.harness.runTicks();
  }

  /** Bodies received since the last call. */
  bodies(): Buffer[] {
    const fresh = this.transport.batches.slice(this.batchesRead);
    this.batchesRead = this.transport.batches.length;
    return fresh.flatMap((batch) => this.reader.push(batch));
  }

  /** Messages received since the last call. */
  received(): CborMap[] {
    return this.bodies().map(decodeCborMap);
  }
}

/** For a router that is a node of a cluster. */
export interface NodeOptions {
  readonly clock?: FakeClock;
  readonly newClientId?: () => string;
}

/** A router core with a fake clock, connections and streams. */
export class RouterHarness {
  readonly clock: FakeClock;
  readonly counters = new Counters();
  readonly warnings: string[] = [];
  readonly closed: string[] = [];
  readonly debugLines: string[] = [];
  readonly log = {
    isDebug: false,
    debug: (message: string): void => void this.debugLines.push(message),
    info: (): void => {},
    warnOnce: (cause: string): void => void this.warnings.push(cause),
  };
  readonly core: RouterCore;
  private readonly reassembly: ReassemblyBudget;
  cleanMetadata = (metadata: Buffer): Buffer => metadata;
  private readonly transports: FakeTransport[] = [];
  private clientsMade = 0;

  constructor(limits: Partial<Limits> = {}, bindsByCredential = false, node: NodeOptions = {}) {
    this.clock = node.clock ?? new FakeClock();
    this.core = new RouterCore({
      clock: this.clock,
      log: this.log,
      counters: this.counters,
      limits: { ...LIMITS, ...limits },
      newClientId: node.newClientId ?? (() => `client_${String(++this.clientsMade).padStart(36, '0')}`),
      messagesPerSecond: () => 1.6,
      observer: { clientClosed: (client, reason) => this.closed.push(`${client.id} ${reason}`) },
      bindsByCredential,
      sessionTokens: new SessionTokens(null),
      cleanMetadata: (metadata) => this.cleanMetadata(metadata),
    });
    this.reassembly = new ReassemblyBudget(this.core.budget, () => this.clock.monotonicMs());
  }

  connect(remote = '127.0.0.1:1', proxyHeader: string | null = null): RouterConnection {
    return { clients: new Set(), remote, proxyHeader };
  }

  register(options: JoinOptions = {}): Client {
    const { connection = this.connect(), name = null, groups = [], metadata = Buffer.from([0xa0]) } = options;
    const client = this.core.register(connection, { name, groups, metadata }, options.identity ?? ANONYMOUS);
    assert.ok(client instanceof Client, String(client));
    return client;
  }

  /** Opens an unbound p2p stream. */
  open(connection: RouterConnection, framing: ClientFraming = 1, identity: Identity = ANONYMOUS): Peer {
    const outlet = this.newTransport();
    const open = (transport: StreamTransport): Session => this.core.openSession({ connection, transport, identity });
    const stream = new GrpcP2pStream({ core: this.core, memory: this.reassembly, call: outlet, open });
    outlet.queue = stream.queue;
    return new Peer(this, outlet, stream, framing);
  }

  /** Registers, opens a p2p stream and binds it; discards the `connected` message. */
  join(options: JoinOptions = {}): Peer {
    const client = this.register(options);
    const peer = this.open(client.connection, options.framing, options.identity);
    peer.send({ type: 'heartbeat', senderId: client.id });
    assert.equal(peer.received()[0]?.type, 'heartbeat');
    return peer;
  }

  /** Subscribes to the events; discards the first one, the statistics. */
  subscribe(framing: ClientFraming = 1): Peer {
    const outlet = this.newTransport();
    const subscription = this.core.subscribe(
      { connection: this.connect(), transport: outlet, identity: ANONYMOUS },
      framing === 2 ? DOUBLE : SINGLE,
    );
    outlet.queue = subscription.queue;
    const peer = new Peer(this, outlet, null, framing);
    this.runTicks();
    assert.equal(peer.received()[0]?.type, 'routerStats');
    return peer;
  }

  /** Ends event-loop ticks until nothing is scheduled. */
  runTicks(): void {
    for (;;) {
      const ran = this.clock.endTick();
      if (!this.completeWrites() && !ran) return;
    }
  }

  /** Completes all writes; false when there was none. */
  completeWrites(): boolean {
    return this.transports.filter((outlet) => outlet.reads && outlet.completeWrite()).length > 0;
  }

  /** Number of dropped messages by reason. */
  dropped(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.counters.dropped).filter(([, count]) => count > 0));
  }

  private newTransport(): FakeTransport {
    const outlet = new FakeTransport();
    this.transports.push(outlet);
    return outlet;
  }
}
