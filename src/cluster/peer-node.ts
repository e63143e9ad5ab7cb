import type { Clock } from '../router/index.ts';
import type { Announcement } from './announcement.ts';
import { controlFrame, FrameKind, type FrameReader, type OutgoingFrame } from './envelope.ts';
import type { Envelope } from './envelope-builder.ts';
import { Link } from './link.ts';
import { type DirectoryListener, RemoteDirectory } from './remote-directory.ts';

/** `joining`: its snapshot is not complete. `suspect`: silent. A dead node is no peer any more. */
export type PeerState = 'joining' | 'up' | 'suspect';

/** The cluster as its peers use it. */
export interface PeerHost {
  readonly clock: Clock;
  readonly tag: number;
  windowBytes(): number;
  readonly stallTimeoutMs: number;
  maxBytes(peer: PeerNode): number;
  send(peer: PeerNode, parts: readonly Buffer[], bytes: number): void;
  /** Takes a frame; false pauses the link until `peer.link.resume()`. */
  onFrame(peer: PeerNode, frame: FrameReader): boolean;
  /** Messages in these envelopes were probably not delivered. */
  onLost(peer: PeerNode, lost: readonly Envelope[]): void;
  onStall(peer: PeerNode, isStalled: boolean): void;
  /** Creates the sender of a new snapshot: `next` sends a part and returns false after the last one. */
  startSnapshot(peer: PeerNode): () => boolean;
}

const EMPTY = Buffer.alloc(0);

/** Another node: its link, and the replica of its directory. */
export class PeerNode {
  readonly instance: string;
  readonly label: string;
  readonly tag: number;
  readonly release: string;
  readonly startedAt: number;
  readonly link: Link;
  readonly directory: RemoteDirectory;
  announcement: Announcement;
  state: PeerState = 'joining';
  /** Time of the last received message, by the monotonic clock. */
  lastReceivedMs: number;
  /** Difference of its clock to this one. */
  clockOffsetMs = 0;
  /** Index of the carrier that is used to reach it, and the times of its announcements by carrier. */
  carrier: number;
  readonly announcedMs: number[] = [];
  /** Deltas were not sent: a snapshot has to replace them. */
  snapshotDue = false;
  private readonly host: PeerHost;
  private snapshot: (() => boolean) | null = null;
  private snapshotScheduled = false;

  constructor(host: PeerHost, announcement: Announcement, carrier: number, listener: DirectoryListener) {
    const { clock } = host;
    this.host = host;
    this.instance = announcement.instance;
    this.label = announcement.label;
    this.tag = announcement.tag;
    this.release = announcement.release;
    this.startedAt = announcement.startedAt;
    this.announcement = announcement;
    this.carrier = carrier;
    this.lastReceivedMs = clock.monotonicMs();
    this.directory = new RemoteDirectory(listener, clock);
    this.link = new Link({
      clock,
      tag: () => host.tag,
      windowBytes: () => host.windowBytes(),
      stallTimeoutMs: host.stallTimeoutMs,
      maxBytes: () => host.maxBytes(this),
      send: (parts, bytes) => host.send(this, parts, bytes),
      onFrame: (frame) => host.onFrame(this, frame),
      onReset: (lost) => {
        host.onLost(this, lost);
        this.sendSnapshot();
      },
      onStall: (isStalled) => this.onStall(isStalled),
    });
  }

  /** True while messages to it are refused. */
  get isUnavailable(): boolean {
    return this.link.sender.isStalled;
  }

  /** Sends a delta, or notes that a snapshot has to replace it. */
  pushDelta(frame: OutgoingFrame): void {
    if (this.isUnavailable) this.snapshotDue = true;
    else this.link.push(frame);
  }

  /** Sends a snapshot of this node's directory, a part per tick. Deltas may come in between. */
  sendSnapshot(): void {
    this.snapshotDue = false;
    this.pushControl(FrameKind.snapshotBegin, EMPTY);
    this.snapshot = this.host.startSnapshot(this);
    this.continueSnapshot();
  }

  /** Call when the window may have room again. */
  continueSnapshot(): void {
    if (this.snapshot === null || this.snapshotScheduled) return;
    this.snapshotScheduled = true;
    this.host.clock.atTickEnd(() => this.sendSnapshotPart());
  }

  /** Requests a snapshot of the node's directory. */
  requestSnapshot(): void {
    if (!this.isUnavailable) this.pushControl(FrameKind.resync, EMPTY);
  }

  pushControl(kind: number, body: Buffer): void {
    this.link.push(controlFrame(kind, EMPTY, EMPTY, body));
  }

  private sendSnapshotPart(): void {
    this.snapshotScheduled = false;
    if (this.snapshot === null || this.link.sender.isOverWindow) return;
    if (this.snapshot()) this.continueSnapshot();
    else this.snapshot = null;
  }

  private onStall(isStalled: boolean): void {
    this.host.onStall(this, isStalled);
    if (!isStalled && this.snapshotDue) this.sendSnapshot();
  }
}
