import type { RouterCore } from '../router/index.ts';
import { mapWith, Raw } from '../wire/index.ts';
import type { NodePeers } from './node-peers.ts';
import type { RemoteClient } from './remote-client.ts';
import type { DirectoryListener } from './remote-directory.ts';

/** Publishes the changes of the clients of another node to the subscribers of this one, as events of PROTOCOL.md. */
export class NodeEvents implements DirectoryListener {
  private readonly peersOf: (namespace: string) => NodePeers | undefined;
  private readonly onAdded: (client: RemoteClient) => void;
  private readonly onRemoved: (client: RemoteClient) => void;

  constructor(
    peersOf: (namespace: string) => NodePeers | undefined,
    onAdded: (client: RemoteClient) => void,
    onRemoved: (client: RemoteClient) => void,
  ) {
    this.peersOf = peersOf;
    this.onAdded = onAdded;
    this.onRemoved = onRemoved;
  }

  added(namespace: string, client: RemoteClient): void {
    this.onAdded(client);
    const core = this.coreOf(namespace);
    core?.events.publish('clientConnected', core.clock.now(), () => ({
      clientId: client.id,
      clientName: client.name ?? undefined,
      capabilities: client.groups.length > 0 ? client.groups : undefined,
    }));
  }

  changed(namespace: string, client: RemoteClient, change: 'metadata' | 'groups' | 'silent', at: number): void {
    if (change === 'silent') return;
    this.coreOf(namespace)?.events.publish('clientCapabilitiesUpdated', at, () => ({
      clientId: client.id,
      metadata: new Raw(client.metadata),
      capabilities: change === 'groups' ? client.groups : undefined,
    }));
  }

  detached(namespace: string, client: RemoteClient): void {
    this.coreOf(namespace)?.unanswered.remoteClientGone(client.id);
  }

  disconnecting(namespace: string, client: RemoteClient, lastActivity: number): void {
    const core = this.coreOf(namespace);
    core?.events.publish('clientCapabilitiesUpdated', core.clock.now(), () => ({
      clientId: client.id,
      metadata: new Raw(mapWith(client.metadata, { _lastSeen: lastActivity, _status: 'disconnecting' })),
    }));
  }

  removed(namespace: string, client: RemoteClient, reason: string, at: number): void {
    this.onRemoved(client);
    const core = this.coreOf(namespace);
    core?.unanswered.remoteClientGone(client.id);
    core?.events.publish('clientDisconnected', at, () => ({ clientId: client.id, reason }));
  }

  statusChanged(namespace: string): void {
    const peers = this.peersOf(namespace);
    if (peers !== undefined) peers.topologyChanged = true;
  }

  private coreOf(namespace: string): RouterCore | undefined {
    return this.peersOf(namespace)?.core;
  }
}
