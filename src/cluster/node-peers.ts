import type {
  Client,
  ClientChange,
  Handover,
  ListedClient,
  PausableSender,
  PeerDirectory,
  Peers,
  RouterCore,
  RouterStatistics,
} from '../router/index.ts';
import { TypeCode } from '../wire/index.ts';
import { controlFrame, FrameKind, type OutgoingFrame } from './envelope.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { PeerNode } from './peer-node.ts';
import type { RemoteNamespace } from './remote-directory.ts';
import { tagOf, tagOfId } from './tag.ts';

/** The nodes of the cluster, as the ports of its routers use them. */
export interface PeerTable {
  readonly tag: number;
  readonly directory: LocalDirectory;
  /** All nodes that are not dead. */
  readonly nodes: Iterable<PeerNode>;
  byTag(tag: number): PeerNode | undefined;
  /** Nodes of clients whose id has the tag of another node. */
  readonly moved: ReadonlyMap<string, PeerNode>;
  /** Counts a message that was sent, or refused because the link is stalled. */
  countSent(copies: number): void;
  countUnavailable(peer: PeerNode): void;
}

const EMPTY = Buffer.alloc(0);

const KIND_OF_TYPE = new Uint8Array(256);
KIND_OF_TYPE[TypeCode.unicast] = FrameKind.unicast;
KIND_OF_TYPE[TypeCode.request] = FrameKind.request;
KIND_OF_TYPE[TypeCode.response] = FrameKind.response;

/** One frame, reused for every message. */
class ReusedFrame implements OutgoingFrame {
  kind = 0;
  namespace: Buffer = EMPTY;
  name: Buffer = EMPTY;
  nameStart = 0;
  nameEnd = 0;
  body: Buffer = EMPTY;
  bodyStart = 0;
  bodyEnd = 0;
  isMessage = true;
}

/** The port of one router, which serves one namespace, to the other nodes. */
export class NodePeers implements Peers {
  readonly core: RouterCore;
  readonly namespace: string;
  topologyChanged = false;
  private readonly table: PeerTable;
  private readonly namespaceBytes: Buffer;
  private readonly frame = new ReusedFrame();
  /** Clients of this node whose id has another tag: ids from before a restart. */
  private foreignIds = 0;

  constructor(core: RouterCore, namespace: string, table: PeerTable) {
    this.core = core;
    this.namespace = namespace;
    this.table = table;
    this.namespaceBytes = Buffer.from(namespace);
    this.frame.namespace = this.namespaceBytes;
    for (const client of core.registry.clients.values()) this.registered(client);
  }

  isRemote(bytes: Buffer, start: number, end: number): boolean {
    if (this.foreignIds > 0) return false;
    const tag = tagOf(bytes, start, end);
    return tag >= 0 && tag !== this.table.tag;
  }

  isOwnedElsewhere(id: string): boolean {
    return (this.table.moved.get(id) ?? this.table.byTag(tagOfId(id))) !== undefined;
  }

  disconnect(id: string, reason: string | null): Handover {
    const peer = this.table.moved.get(id) ?? this.table.byTag(tagOfId(id));
    if (peer === undefined) return 'unknown';
    if (peer.isUnavailable) return 'unavailable';
    const body = reason === null ? EMPTY : Buffer.from(reason);
    peer.link.push(controlFrame(FrameKind.disconnect, this.namespaceBytes, Buffer.from(id), body));
    return 'sent';
  }

  send(sender: PausableSender, bytes: Buffer): Handover {
    const { header } = this.core;
    const peer = this.peerOf(bytes, header.targetStart, header.targetEnd);
    if (peer === undefined) return 'unknown';
    if (peer.isUnavailable) {
      this.table.countUnavailable(peer);
      return 'unavailable';
    }
    this.pushMessage(peer, KIND_OF_TYPE[header.type] as number, bytes, header.targetStart, header.targetEnd);
    pauseIfFull(peer, sender);
    return 'sent';
  }

  sendToGroup(sender: PausableSender, group: string): number {
    return this.sendToEach(sender, FrameKind.multicast, Buffer.from(group), ({ groups }) => groups.get(group) ?? 0);
  }

  sendToAll(sender: PausableSender): number {
    return this.sendToEach(sender, FrameKind.broadcast, EMPTY, ({ clients }) => clients.size);
  }

  registered(client: Client): void {
    if (tagOfId(client.id) !== this.table.tag) this.foreignIds++;
    this.publish(this.table.directory.add(client));
  }

  changed(client: Client, change: ClientChange): void {
    this.publish(this.table.directory.change(client, change));
  }

  detached(client: Client): void {
    this.publish(this.table.directory.detach(client));
  }

  disconnecting(client: Client): void {
    this.publish(this.table.directory.disconnecting(client));
  }

  removed(client: Client, reason: string): void {
    if (tagOfId(client.id) !== this.table.tag) this.foreignIds--;
    this.publish(this.table.directory.remove(client, reason));
  }

  *listedClients(): Iterable<ListedClient> {
    for (const { directory } of [...this.table.nodes]) yield* directory.in(this.namespace)?.clients.values() ?? [];
  }

  get tag(): number {
    return this.table.tag;
  }

  *directories(): Iterable<PeerDirectory> {
    for (const { tag, label, directory } of [...this.table.nodes]) {
      const place = directory.in(this.namespace);
      yield { tag, label, groups: place?.groups ?? new Map(), clients: () => place?.clients.values() ?? [] };
    }
  }

  *statistics(): Iterable<RouterStatistics> {
    for (const { directory, announcement } of this.table.nodes) {
      const { messagesPerSecond = 0, messageTypeCounts = {} } = announcement.byNamespace[this.namespace] ?? {};
      yield { activeClients: directory.in(this.namespace)?.clients.size ?? 0, messagesPerSecond, messageTypeCounts };
    }
  }

  takeTopologyChange(): boolean {
    const { topologyChanged } = this;
    this.topologyChanged = false;
    return topologyChanged;
  }

  /** Sends a frame of the directory to all nodes. */
  publish(body: Buffer | null, kind: number = FrameKind.delta): void {
    if (body === null) return;
    for (const peer of this.table.nodes) peer.pushDelta(this.directoryFrame(kind, body));
  }

  directoryFrame(kind: number, body: Buffer): OutgoingFrame {
    return controlFrame(kind, this.namespaceBytes, EMPTY, body);
  }

  /** `peer` is dead: fails the requests to its clients. */
  nodeLeft(peer: PeerNode): void {
    for (const id of this.core.pending.remoteResponders()) {
      if ((this.table.moved.get(id)?.tag ?? tagOfId(id)) === peer.tag) this.core.unanswered.remoteClientGone(id);
    }
  }

  /** The node of the client `bytes[start..end)`; undefined for one of this node, or of none. */
  private peerOf(bytes: Buffer, start: number, end: number): PeerNode | undefined {
    const { moved } = this.table;
    if (moved.size > 0) {
      const peer = moved.get(bytes.toString('latin1', start, end));
      if (peer !== undefined) return peer;
    }
    return this.table.byTag(tagOf(bytes, start, end));
  }

  private sendToEach(
    sender: PausableSender,
    kind: number,
    name: Buffer,
    countIn: (place: RemoteNamespace) => number,
  ): number {
    let receivers = 0;
    for (const peer of this.table.nodes) {
      const place = peer.directory.in(this.namespace);
      const count = place === undefined ? 0 : countIn(place);
      if (count === 0) continue;
      receivers += count;
      if (peer.isUnavailable) {
        this.core.counters.dropped.peerUnavailable++;
        this.table.countUnavailable(peer);
        continue;
      }
      this.pushMessage(peer, kind, name, 0, name.length);
      pauseIfFull(peer, sender);
    }
    return receivers;
  }

  private pushMessage(peer: PeerNode, kind: number, name: Buffer, nameStart: number, nameEnd: number): void {
    const { frame } = this;
    const { forwarded } = this.core;
    frame.kind = kind;
    frame.name = name;
    frame.nameStart = nameStart;
    frame.nameEnd = nameEnd;
    frame.body = forwarded.bytes;
    frame.bodyStart = forwarded.start;
    frame.bodyEnd = forwarded.end;
    peer.link.push(frame);
    this.table.countSent(1);
    frame.name = frame.body = EMPTY;
  }
}

/** Backpressure: the sender goes on when the node has acknowledged enough. */
function pauseIfFull({ link }: PeerNode, sender: PausableSender): void {
  if (link.sender.isOverWindow) sender.pause(link.sender);
}
