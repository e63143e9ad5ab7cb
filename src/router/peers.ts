import type { Client, ListedClient } from './client.ts';
import type { PauseQueue } from './delivery/flush-queue.ts';
import type { RouterStatistics } from './statistics.ts';

/** `unknown`: no node has the client. `unavailable`: its node is currently unreachable. */
export type Handover = 'sent' | 'unknown' | 'unavailable';

/** The sender of a message to other nodes. */
export interface PausableSender {
  pause(queue: PauseQueue): void;
}

/** Change of a client; `silent` publishes no event. */
export type ClientChange = 'metadata' | 'groups' | 'silent';

/** The clients of another node. */
export interface PeerDirectory {
  readonly tag: number;
  readonly label: string;
  /** Each client with its number on its node. */
  clients(): Iterable<ListedClient & { readonly handle: number }>;
  /** Number of members by group. */
  readonly groups: ReadonlyMap<string, number>;
}

/**
 * Port to the other nodes of a cluster. The messages to send are those in `context.forwarded` and `context.header`. The
 * methods named for a change are called after each change of a client of this node.
 */
export interface Peers {
  /** True if the client `bytes[start..end)` certainly belongs to another node, so that a local lookup is unnecessary. */
  isRemote(bytes: Buffer, start: number, end: number): boolean;
  /** True when the client `id` belongs to another node that is alive. */
  isOwnedElsewhere(id: string): boolean;
  /** Asks the node of the client `id` to disconnect it. */
  disconnect(id: string, reason: string | null): Handover;
  /** Sends a unicast, request or response to the node of its target. */
  send(sender: PausableSender, bytes: Buffer): Handover;
  /** Sends a multicast to the nodes with members of the group; returns the number of members there. */
  sendToGroup(sender: PausableSender, group: string): number;
  /** Sends a broadcast to all nodes; returns the number of clients there. */
  sendToAll(sender: PausableSender): number;
  registered(client: Client): void;
  changed(client: Client, change: ClientChange): void;
  /** The p2p stream of `client` is closed: requests to it fail. */
  detached(client: Client): void;
  /** Subscribers have been notified that `client` has no stream. */
  disconnecting(client: Client): void;
  removed(client: Client, reason: string): void;
  /** The clients of other nodes. */
  listedClients(): Iterable<ListedClient>;
  /** The number of this node, constant while it runs. */
  readonly tag: number;
  /** The directory of each other node. */
  directories(): Iterable<PeerDirectory>;
  /** The statistics of each other node. */
  statistics(): Iterable<RouterStatistics>;
  /** Whether the status of a client of another node has changed since the last call. */
  takeTopologyChange(): boolean;
}
