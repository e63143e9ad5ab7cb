import type { Client, Clock } from '../router/index.ts';
import { FrameKind } from './envelope.ts';
import { activityPart, snapshotPart } from './local-directory.ts';
import type { NodePeers } from './node-peers.ts';
import type { PeerNode } from './peer-node.ts';

const ACTIVITY_CLIENTS_PER_TICK = 4000;

/** The sender of a snapshot of all namespaces to `peer`: each call sends a part, and returns false after the last one. */
export function snapshotSender(
  peer: PeerNode,
  ports: readonly NodePeers[],
  currentVersion: () => number,
): () => boolean {
  let index = 0;
  let clients: Iterator<Client> | null = null;
  return () => {
    for (; index < ports.length; index++, clients = null) {
      const port = ports[index] as NodePeers;
      clients ??= port.core.registry.clients.values();
      const part = snapshotPart(clients);
      if (part === null) continue;
      if (part.length > 0) peer.link.push(port.directoryFrame(FrameKind.snapshotPart, part));
      return true;
    }
    const version = Buffer.alloc(6);
    version.writeUIntBE(currentVersion(), 0, 6);
    peer.pushControl(FrameKind.snapshotEnd, version);
    return false;
  };
}

/** Publishes the last activity and status of this node's clients, a part of them per tick. */
export class ActivityPublisher {
  private readonly clock: Clock;
  private isRunning = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Publishes all clients once; no effect while a pass is running. */
  publish(ports: readonly NodePeers[]): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.publishPart(ports, 0, null);
  }

  private publishPart(ports: readonly NodePeers[], index: number, started: Iterator<Client> | null): void {
    const port = ports[index];
    if (port === undefined) {
      this.isRunning = false;
      return;
    }
    const clients = started ?? port.core.registry.clients.values();
    const part = activityPart(clients, ACTIVITY_CLIENTS_PER_TICK);
    if (part !== null && part.length > 0) port.publish(part, FrameKind.activity);
    this.clock.atTickEnd(() => {
      if (part === null) this.publishPart(ports, index + 1, null);
      else this.publishPart(ports, index, clients);
    });
  }
}
