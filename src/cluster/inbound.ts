import {
  answerUndelivered,
  deliverFromPeer,
  deliverResponseFromPeer,
  deliverToAllFromPeer,
  describeUndelivered,
  disconnectClient,
  type MessageSource,
  type PauseQueue,
  type PeerMessage,
  type RouterCore,
} from '../router/index.ts';
import { TypeCode } from '../wire/index.ts';
import { decodeDelta } from './delta.ts';
import { controlFrame, FrameKind, FrameReader, HEADER_BYTES } from './envelope.ts';
import type { Envelope } from './envelope-builder.ts';
import type { ClusterCounters } from './node-counters.ts';
import type { NodePeers } from './node-peers.ts';
import type { PeerNode } from './peer-node.ts';
import { decodeRefusal, encodeRefusal } from './refusal.ts';

export interface InboundOptions {
  /** The router of a namespace. */
  readonly peersOf: (namespace: string) => NodePeers | undefined;
  readonly counters: ClusterCounters;
  /** The snapshot of a node is complete. */
  readonly onComplete: (peer: PeerNode) => void;
}

/** A node as the source of messages: pausing it pauses its link. */
class RemoteSource implements MessageSource {
  readonly context: RouterCore;
  isPaused = false;
  private readonly peer: PeerNode;

  constructor(context: RouterCore, peer: PeerNode) {
    this.context = context;
    this.peer = peer;
  }

  pause(queue: PauseQueue): void {
    if (this.isPaused) return;
    this.isPaused = true;
    queue.addPaused(this);
  }

  resume(): void {
    this.isPaused = false;
    this.peer.link.resume();
  }
}

/** Handles the frames of other nodes. */
export class Inbound {
  private readonly options: InboundOptions;
  private readonly sources = new WeakMap<PeerNode, Map<RouterCore, RemoteSource>>();

  constructor(options: InboundOptions) {
    this.options = options;
  }

  /** Takes one frame; false when the link has to pause. */
  onFrame(peer: PeerNode, frame: FrameReader): boolean {
    const { counters } = this.options;
    if (frame.kind <= FrameKind.response) {
      counters.messagesIn++;
      const port = this.options.peersOf(frame.namespace);
      if (port === undefined) return true;
      const source = this.sourceOf(peer, port.core);
      this.onMessage(peer, source, frame);
      return !source.isPaused;
    }
    this.onControl(peer, frame);
    return true;
  }

  /** Handles the messages in dropped envelopes: answers unicasts and requests, and counts all. */
  onLost(lost: readonly Envelope[]): void {
    const frame = new FrameReader();
    for (const { parts, bytes, whole } of lost) {
      if (whole !== null && frame.read(whole, 0)) this.onLostFrame(frame);
      const envelope = Buffer.concat(parts, bytes);
      for (let pos = HEADER_BYTES; frame.read(envelope, pos); pos = frame.end) this.onLostFrame(frame);
    }
  }

  private onLostFrame(frame: FrameReader): void {
    const { kind } = frame;
    if (kind > FrameKind.response) return;
    this.options.counters.messagesLost++;
    const port = this.options.peersOf(frame.namespace);
    if (port === undefined) return;
    if (kind !== FrameKind.unicast && kind !== FrameKind.request) {
      port.core.counters.dropped.peerUnavailable++;
      return;
    }
    const source: MessageSource = { context: port.core, pause: () => {} };
    const undelivered = describeUndelivered(source, messageIn(frame));
    if (undelivered !== null) answerUndelivered(port.core, undelivered, 'peerUnavailable');
  }

  private onMessage(peer: PeerNode, source: RemoteSource, frame: FrameReader): void {
    const message = messageIn(frame);
    switch (frame.kind) {
      case FrameKind.unicast:
      case FrameKind.request: {
        const type = frame.kind === FrameKind.unicast ? TypeCode.unicast : TypeCode.request;
        if (!deliverFromPeer(source, type, message)) refuse(peer, source, frame, message);
        return;
      }
      case FrameKind.response:
        deliverResponseFromPeer(source, message);
        return;
      case FrameKind.multicast:
        deliverToAllFromPeer(source, frame.name, message);
        return;
      default:
        deliverToAllFromPeer(source, null, message);
    }
  }

  private onControl(peer: PeerNode, frame: FrameReader): void {
    const { directory } = peer;
    switch (frame.kind) {
      case FrameKind.refusal:
        this.onRefusal(frame);
        return;
      case FrameKind.delta: {
        const delta = decodeDelta(frame.body);
        if (delta !== null) directory.apply(frame.namespace, delta);
        return;
      }
      case FrameKind.snapshotBegin:
        directory.startSnapshot();
        return;
      case FrameKind.snapshotPart:
        directory.addSnapshotPart(frame.namespace, frame.body);
        return;
      case FrameKind.snapshotEnd:
        if (frame.end - frame.bodyStart >= 6) directory.endSnapshot(frame.bytes.readUIntBE(frame.bodyStart, 6));
        this.options.onComplete(peer);
        return;
      case FrameKind.activity:
        directory.applyActivity(frame.namespace, frame.body);
        return;
      case FrameKind.disconnect:
        this.onDisconnect(frame);
        return;
      case FrameKind.resync:
        peer.sendSnapshot();
        return;
      default:
        this.options.counters.unknownFrames++;
    }
  }

  private onDisconnect({ namespace, name, body }: FrameReader): void {
    const core = this.options.peersOf(namespace)?.core;
    const client = core?.registry.clients.get(name);
    if (core === undefined || client === undefined) return; // it has left meanwhile
    disconnectClient(core, client, body.length === 0 ? null : body.toString('utf8'));
  }

  private onRefusal(frame: FrameReader): void {
    const port = this.options.peersOf(frame.namespace);
    const refused = port === undefined ? null : decodeRefusal(frame.name, frame.body);
    if (port !== undefined && refused !== null) answerUndelivered(port.core, refused, 'targetNotFound');
  }

  private sourceOf(peer: PeerNode, core: RouterCore): RemoteSource {
    let sources = this.sources.get(peer);
    if (sources === undefined) {
      sources = new Map();
      this.sources.set(peer, sources);
    }
    let source = sources.get(core);
    if (source === undefined) {
      source = new RemoteSource(core, peer);
      sources.set(core, source);
    }
    return source;
  }
}

/** The positions of a message in its frame; a copy, because the frame is reused. */
function messageIn(frame: FrameReader): PeerMessage {
  return {
    bytes: frame.bytes,
    nameStart: frame.nameStart,
    nameEnd: frame.bodyStart,
    start: frame.messageStart,
    end: frame.end,
  };
}

/** Answers the sender's node that the target has no stream on this one. */
function refuse(peer: PeerNode, source: MessageSource, frame: FrameReader, message: PeerMessage): void {
  const undelivered = describeUndelivered(source, message);
  if (undelivered === null) return;
  const name = Buffer.from(undelivered.senderId);
  peer.link.push(controlFrame(FrameKind.refusal, Buffer.from(frame.namespace), name, encodeRefusal(undelivered)));
}
