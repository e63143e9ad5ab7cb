import type { Clock, RouterCore, RouterLog } from '../router/index.ts';
import { type Announcement, type AnnouncementKind, decodeAnnouncement, encodeAnnouncement } from './announcement.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { ActivityPublisher, snapshotSender } from './directory-sender.ts';
import { EnvelopeHeader, type FrameReader } from './envelope.ts';
import type { Envelope } from './envelope-builder.ts';
import { Inbound } from './inbound.ts';
import { LocalDirectory } from './local-directory.ts';
import { Membership } from './membership.ts';
import { type NodeCarrierEvents, NodeCarriers } from './node-carriers.ts';
import { ClusterCounters } from './node-counters.ts';
import { NodeEvents } from './node-events.ts';
import { NodeIdentity } from './node-identity.ts';
import { NodePeers, type PeerTable } from './node-peers.ts';
import { type PeerHost, PeerNode } from './peer-node.ts';
import { StartGate } from './start-gate.ts';
import { tagOfId } from './tag.ts';

/** Unacknowledged bytes per node, and of all nodes. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const ALL_WINDOWS_BYTES = 48 * 1024 * 1024;
const STALL_TIMEOUT_MS = 2000;
const CHECK_MS = 100;
const HEARTBEAT_MS = 1000;
const ACTIVITY_MS = 5000;

/** Joins the routers of this process with those of other nodes. Sets `peers` of its routers. */
export class Cluster implements PeerTable, PeerHost, NodeCarrierEvents {
  readonly clock: Clock;
  readonly counters = new ClusterCounters();
  readonly directory: LocalDirectory;
  readonly moved = new Map<string, PeerNode>();
  readonly membership: Membership;
  readonly stallTimeoutMs: number;
  readonly log: RouterLog;
  private readonly identity: NodeIdentity;
  private readonly ports = new Map<string, NodePeers>();
  private readonly carriers: NodeCarriers;
  private readonly inbound: Inbound;
  private readonly activity: ActivityPublisher;
  private readonly header = new EnvelopeHeader();
  private cancelCheck: () => void = () => {};
  private checks = 0;
  private gate: StartGate | null = null;

  constructor(options: ClusterOptions) {
    this.clock = options.clock;
    this.log = options.log;
    this.identity = new NodeIdentity(options);
    this.stallTimeoutMs = options.stallTimeoutMs ?? STALL_TIMEOUT_MS;
    this.carriers = new NodeCarriers(options.carriers, options.log, this.counters);
    this.directory = new LocalDirectory(this.clock);
    this.activity = new ActivityPublisher(this.clock);
    const peersOf = (namespace: string): NodePeers | undefined => this.ports.get(namespace);
    this.inbound = new Inbound({ peersOf, counters: this.counters, onComplete: (peer) => this.onComplete(peer) });
    this.membership = new Membership({
      clock: this.clock,
      log: this.log,
      counters: this.counters,
      carriers: options.carriers.length,
      label: options.label,
      createPeer: (announcement, carrier) => this.createPeer(announcement, carrier),
      isSibling: (instance) => this.carriers.isKnown(instance),
      onLeft: (peer, reason) => this.onLeft(peer, reason),
    });
    this.attach('', options.core);
  }

  get tag(): number {
    return this.identity.tag;
  }

  get label(): string {
    return this.identity.label;
  }

  get nodes(): Iterable<PeerNode> {
    return this.membership.peers.values();
  }

  /** True when every carrier is connected. */
  get isConnected(): boolean {
    return this.membership.isConnected;
  }

  byTag(tag: number): PeerNode | undefined {
    return this.membership.byTag.get(tag);
  }

  /** Adds the router of another namespace. */
  attach(namespace: string, core: RouterCore): void {
    const port = new NodePeers(core, namespace, this);
    this.ports.set(namespace, port);
    core.peers = port;
  }

  /** A client id that identifies this node to all others. */
  newClientId(): string {
    return this.identity.newClientId();
  }

  /** Opens the carriers and joins; resolves after at most two seconds, even if no node is reachable. */
  async start(): Promise<void> {
    const gate = new StartGate(this.clock, !this.carriers.areComplete);
    this.gate = gate;
    this.carriers.open(this);
    this.scheduleCheck();
    await gate.opened;
    this.gate = null;
    this.identity.fix();
  }

  /** Leaves the cluster. The clients of this node should be disconnected before. */
  async stop(): Promise<void> {
    this.cancelCheck();
    this.announce('bye');
    await this.carriers.flush(this.clock);
    this.destroy();
  }

  /** Releases everything without an announcement to other nodes. */
  destroy(): void {
    this.cancelCheck();
    for (const peer of this.membership.peers.values()) peer.link.close();
    this.carriers.destroy();
    for (const { core } of this.ports.values()) core.peers = null;
  }

  // PeerTable

  countSent(copies: number): void {
    this.counters.messagesOut += copies;
  }

  countUnavailable(peer: PeerNode): void {
    this.counters.messagesLost++;
    this.log.warnOnce(`peer-stalled-${peer.instance}`, 'Messages to a stalled node are refused', { node: peer.label });
  }

  // PeerHost

  windowBytes(): number {
    return Math.min(WINDOW_BYTES, ALL_WINDOWS_BYTES / Math.max(1, this.membership.peers.size));
  }

  maxBytes(peer: PeerNode): number {
    return this.carriers.maxBytes(peer.carrier);
  }

  send(peer: PeerNode, parts: readonly Buffer[], bytes: number): void {
    this.carriers.send(peer.carrier, peer.instance, parts, bytes);
  }

  onFrame(peer: PeerNode, frame: FrameReader): boolean {
    return this.inbound.onFrame(peer, frame);
  }

  onLost(peer: PeerNode, lost: readonly Envelope[]): void {
    this.counters.resets++;
    this.log.info('Link to a node reset: it had lost its state', { node: peer.label, envelopes: lost.length });
    this.inbound.onLost(lost);
  }

  onStall(peer: PeerNode, isStalled: boolean): void {
    if (isStalled) this.counters.stalls++;
    this.log.info(isStalled ? 'Link to a node stalled' : 'Link to a node works again', { node: peer.label });
  }

  startSnapshot(peer: PeerNode): () => boolean {
    return snapshotSender(peer, [...this.ports.values()], () => this.directory.version);
  }

  // events of the carriers

  onData(bytes: Buffer): void {
    this.counters.envelopesIn++;
    this.counters.bytesIn += bytes.length;
    if (!this.header.read(bytes)) {
      this.counters.unknownFrames++;
      return;
    }
    const peer = this.byTag(this.header.tag);
    if (peer === undefined) return; // its sender repeats it after its announcement
    this.membership.onActivity(peer);
    peer.link.receive(this.header, bytes);
    peer.continueSnapshot();
  }

  onAnnounce(bytes: Buffer, carrier: number): void {
    const announcement = decodeAnnouncement(bytes);
    if (announcement === null) {
      this.counters.unknownFrames++;
      return;
    }
    if (announcement.instance === this.identity.instance) return;
    if (announcement.tag === this.tag) this.onSameTag(announcement);
    else this.membership.onAnnouncement(announcement, carrier);
    if (announcement.kind === 'hello') this.announce('heartbeat');
    this.membership.compare(announcement);
    this.gate?.check(this.hasJoined);
  }

  onState(carrier: number, up: boolean): void {
    this.membership.onCarrier(carrier, up);
    if (!up) return;
    this.announce('hello');
    for (const peer of this.nodes) if (peer.carrier === carrier) peer.link.probe();
  }

  onPeerLost(instance: string): void {
    this.membership.onPeerLost(instance);
    this.gate?.check(this.hasJoined);
  }

  private get hasJoined(): boolean {
    const { peers } = this.membership;
    const isEveryNodeKnown = [...this.carriers.known()].every((instance) => peers.has(instance));
    return this.isConnected && isEveryNodeKnown && [...this.nodes].every(({ directory }) => directory.isComplete);
  }

  /** Of two nodes with the same tag, the later one draws a new tag, as long as it has no clients. */
  private onSameTag(other: Announcement): void {
    if (this.directory.version === 0 && this.identity.resolveTagConflict(other)) this.announce('hello');
    else {
      const { instance } = other;
      this.log.warnOnce('same-tag', 'Another node has the tag of this one: the two are not linked', { instance });
    }
  }

  private createPeer(announcement: Announcement, carrier: number): PeerNode {
    const peer: PeerNode = new PeerNode(
      this,
      announcement,
      carrier,
      new NodeEvents(
        (namespace) => this.ports.get(namespace),
        ({ id }) => {
          if (tagOfId(id) !== peer.tag) this.moved.set(id, peer);
        },
        ({ id }) => {
          if (this.moved.get(id) === peer) this.moved.delete(id);
        },
      ),
    );
    // the other node drops envelopes of nodes that have not announced themselves
    this.announce('heartbeat');
    peer.sendSnapshot();
    return peer;
  }

  private onLeft(peer: PeerNode, reason: string): void {
    const { retransmitted } = peer.link.sender;
    const { repeated, gaps } = peer.link.receiver;
    this.counters.retransmitted += retransmitted;
    this.counters.repeated += repeated;
    this.counters.gaps += gaps;
    this.inbound.onLost(peer.link.close());
    for (const port of this.ports.values()) port.nodeLeft(peer);
    peer.directory.clear(reason);
  }

  private onComplete(peer: PeerNode): void {
    this.membership.onComplete(peer);
    this.gate?.check(this.hasJoined);
  }

  private scheduleCheck(): void {
    this.cancelCheck = this.clock.after(CHECK_MS, () => this.check());
  }

  private check(): void {
    this.scheduleCheck();
    this.checks++;
    this.membership.check();
    if (this.checks % (HEARTBEAT_MS / CHECK_MS) === 0) this.announce('heartbeat');
    if (this.checks % (ACTIVITY_MS / CHECK_MS) === 0 && this.membership.peers.size > 0)
      this.activity.publish([...this.ports.values()]);
    this.gate?.check(this.hasJoined);
  }

  private announce(kind: AnnouncementKind): void {
    const byNamespace = Object.fromEntries(
      [...this.ports].map(([namespace, { core }]) => [namespace, core.localStatistics()]),
    );
    const bytes = encodeAnnouncement({
      kind,
      ...this.identity.describe(),
      now: this.clock.now(),
      directoryVersion: this.directory.version,
      digest: this.directory.digest,
      clients: this.directory.count,
      byNamespace,
    });
    this.carriers.announce(bytes);
  }
}
