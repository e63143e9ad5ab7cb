import { encode, encodeHead, encodeText, MAJOR_ARRAY, MAJOR_MAP } from '../wire/index.ts';
import type { ListedClient } from './client.ts';

const KEY = {
  data: encodeText('data'),
  timestamp: encodeText('timestamp'),
  type: encodeText('type'),
  topologyChanged: encodeText('topologyChanged'),
  activeClients: encodeText('activeClients'),
  clientIds: encodeText('clientIds'),
  capabilities: encodeText('capabilities'),
};

/**
 * The `topologyChanged` event, which lists every client. Collected and encoded in slices, so that ten thousand clients do not
 * block the event loop: call `collect` until it returns true, then `encoded`.
 */
export class Topology {
  private readonly clients: Iterator<ListedClient>;
  private readonly ids: Buffer[] = [];
  private readonly capabilities: Buffer[] = [];
  private count = 0;

  constructor(clients: Iterable<ListedClient>) {
    this.clients = clients[Symbol.iterator]();
  }

  /** Adds up to `count` more clients; returns true after the last one. */
  collect(count: number): boolean {
    const ids: Buffer[] = [];
    const capabilities: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const next = this.clients.next();
      if (next.done === true) break;
      ids.push(next.value.idItem);
      capabilities.push(next.value.idItem, encode(next.value.groups));
    }
    this.count += ids.length;
    this.ids.push(Buffer.concat(ids));
    this.capabilities.push(Buffer.concat(capabilities));
    return ids.length < count;
  }

  encoded(now: number): Buffer {
    return Buffer.concat([
      encodeHead(MAJOR_MAP, 3),
      KEY.data,
      encodeHead(MAJOR_MAP, 3),
      KEY.activeClients,
      encode(this.count),
      KEY.capabilities,
      encodeHead(MAJOR_MAP, this.count),
      ...this.capabilities,
      KEY.clientIds,
      encodeHead(MAJOR_ARRAY, this.count),
      ...this.ids,
      KEY.timestamp,
      encode(now),
      KEY.type,
      KEY.topologyChanged,
    ]);
  }
}
