import type { Clock, RouterLog } from '../router/index.ts';
import type { Announcement } from './announcement.ts';
import { ENVELOPE_VERSION, OLDEST_VERSION } from './envelope.ts';
import type { ClusterCounters } from './node-counters.ts';
import type { PeerNode } from './peer-node.ts';

/** Silence of a node until it is suspect, and dead, while the carrier works. */
const SUSPECT_MS = 2500;
const DEAD_MS = 4000;
/** Nodes are kept for this time while the carrier is down, since their silence proves nothing. */
const OUTAGE_MS = 30_000;
/** A longer gap between two checks means that this process was stopped; the other nodes were not silent. */
const FROZEN_MS = 1000;
/** Interval of the requests for a snapshot that does not arrive. */
const RESYNC_MS = 2000;

export interface MembershipOptions {
  readonly clock: Clock;
  readonly log: RouterLog;
  readonly counters: ClusterCounters;
  readonly carriers: number;
  /** Label of this node. */
  readonly label: string;
  readonly createPeer: (announcement: Announcement, carrier: number) => PeerNode;
  /** Whether a node is a process of this machine and has the same parent: a replaced worker and its successor share a label. */
  readonly isSibling: (instance: string) => boolean;
  /** The node is dead or has left; the owner removes its clients with `reason`. */
  readonly onLeft: (peer: PeerNode, reason: string) => void;
}

/** State of a carrier; the times are those of the last change, by the monotonic clock. */
interface CarrierState {
  up: boolean;
  changedMs: number;
}

/** The other nodes, and which of them are alive. */
export class Membership {
  readonly peers = new Map<string, PeerNode>();
  readonly byTag = new Map<number, PeerNode>();
  private readonly options: MembershipOptions;
  private readonly carriers: CarrierState[];
  private checkedMs: number;
  /** Time of the last request for a snapshot. */
  private resyncMs = 0;

  constructor(options: MembershipOptions) {
    this.options = options;
    this.checkedMs = options.clock.monotonicMs();
    this.carriers = Array.from({ length: options.carriers }, () => ({ up: false, changedMs: this.checkedMs }));
  }

  /** True when every carrier is connected. */
  get isConnected(): boolean {
    return this.carriers.every(({ up }) => up);
  }

  /** Other nodes with the label of this one. */
  get sameLabel(): number {
    return [...this.peers.values()].filter(({ label }) => label === this.options.label).length;
  }

  onCarrier(index: number, up: boolean): void {
    const state = this.carriers[index];
    if (state === undefined || state.up === up) return;
    state.up = up;
    state.changedMs = this.options.clock.monotonicMs();
    if (!up) this.options.counters.outages++;
  }

  onAnnouncement(announcement: Announcement, carrier: number): void {
    const { instance, tag, kind } = announcement;
    let peer = this.peers.get(instance);
    if (peer !== undefined && peer.tag !== tag) {
      this.remove(peer, 'Connection lost');
      peer = undefined;
    }
    if (kind === 'bye') {
      if (peer !== undefined) this.remove(peer, 'Router shutdown');
      return;
    }
    if (peer === undefined) {
      if (!this.isLinkable(announcement)) return;
      peer = this.options.createPeer(announcement, carrier);
      this.peers.set(instance, peer);
      this.byTag.set(tag, peer);
    }
    this.update(peer, announcement, carrier);
  }

  /** The carrier has detected the end of the node's process. */
  onPeerLost(instance: string): void {
    const peer = this.peers.get(instance);
    if (peer === undefined) return;
    this.options.counters.peersLost++;
    this.options.log.info('Node lost', { node: peer.label, ended: true });
    this.remove(peer, 'Connection lost');
  }

  /** A message of the node has arrived. */
  onActivity(peer: PeerNode): void {
    peer.lastReceivedMs = this.options.clock.monotonicMs();
    if (peer.state === 'suspect') peer.state = peer.directory.isComplete ? 'up' : 'joining';
  }

  /** Requests a snapshot if the replica of the node differs from its directory. */
  compare({ instance, directoryVersion, digest, clients }: Announcement): void {
    const peer = this.peers.get(instance);
    if (peer?.directory.differs(directoryVersion, digest, clients) !== true) return;
    this.options.counters.resyncs++;
    this.options.log.warnOnce(`resync-${instance}`, 'Replica differs from its node: a snapshot is requested', {
      node: peer.label,
    });
    peer.requestSnapshot();
  }

  /** The replica of the node is complete. */
  onComplete(peer: PeerNode): void {
    if (peer.state !== 'joining') return;
    peer.state = 'up';
    const { label, release, directory } = peer;
    this.options.log.info('Node joined', { node: label, release, clients: directory.count });
  }

  /** Call every 100 ms. */
  check(): void {
    const nowMs = this.options.clock.monotonicMs();
    const gapMs = nowMs - this.checkedMs;
    this.checkedMs = nowMs;
    const wasFrozen = gapMs > FROZEN_MS;
    const isResyncDue = nowMs - this.resyncMs > RESYNC_MS;
    if (isResyncDue) this.resyncMs = nowMs;
    for (const peer of [...this.peers.values()]) {
      if (wasFrozen) peer.lastReceivedMs = Math.min(nowMs, peer.lastReceivedMs + gapMs);
      this.checkPeer(peer, nowMs);
      if (isResyncDue && peer.state === 'joining') peer.requestSnapshot();
    }
  }

  private checkPeer(peer: PeerNode, nowMs: number): void {
    const carrier = this.carriers[peer.carrier];
    const isUp = carrier?.up === true;
    peer.link.check(isUp);
    const sinceMs = isUp ? Math.max(peer.lastReceivedMs, carrier.changedMs) : (carrier?.changedMs ?? nowMs);
    const silentMs = nowMs - sinceMs;
    if (silentMs >= (isUp ? DEAD_MS : OUTAGE_MS)) {
      this.options.counters.peersLost++;
      this.options.log.info('Node lost', { node: peer.label, silentMs: Math.round(silentMs), outage: !isUp });
      this.remove(peer, 'Connection lost');
    } else if (isUp && silentMs >= SUSPECT_MS) peer.state = 'suspect';
  }

  private remove(peer: PeerNode, reason: string): void {
    this.peers.delete(peer.instance);
    if (this.byTag.get(peer.tag) === peer) this.byTag.delete(peer.tag);
    this.options.onLeft(peer, reason);
  }

  /** Whether the node can be linked; the reason is logged otherwise. */
  private isLinkable({ instance, label, tag, oldestVersion, newestVersion, release }: Announcement): boolean {
    const { log, counters, label: ownLabel, isSibling } = this.options;
    if (newestVersion < OLDEST_VERSION || oldestVersion > ENVELOPE_VERSION) {
      counters.incompatiblePeers++;
      log.warnOnce(`version-${instance}`, 'Node with an incompatible version is not linked', { node: label, release });
      return false;
    }
    if (this.byTag.has(tag)) {
      log.warnOnce(`tag-${instance}`, 'Node with the tag of another one is not linked', { node: label });
      return false;
    }
    if (label === ownLabel && !isSibling(instance)) {
      log.warnOnce(`label-${label}`, 'Another node has the label of this one: set --cluster-node', { label });
    }
    return true;
  }

  private update(peer: PeerNode, announcement: Announcement, carrier: number): void {
    const { clock } = this.options;
    peer.announcement = announcement;
    peer.clockOffsetMs = announcement.now - clock.now();
    peer.announcedMs[carrier] = clock.monotonicMs();
    peer.carrier = this.bestCarrier(peer);
    this.onActivity(peer);
  }

  /** The first carrier by which the node has announced itself lately. */
  private bestCarrier(peer: PeerNode): number {
    const nowMs = this.options.clock.monotonicMs();
    const best = this.carriers.findIndex(
      ({ up }, index) => up && nowMs - (peer.announcedMs[index] ?? Number.NEGATIVE_INFINITY) < SUSPECT_MS,
    );
    return best < 0 ? peer.carrier : best;
  }
}
