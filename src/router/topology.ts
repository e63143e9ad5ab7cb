import { encode, encodeHead, encodeText } from '../wire/index.ts';
import type { Client } from './client.ts';

const MAP = 5;
const ARRAY = 4;
const KEY = Object.fromEntries(
  ['data', 'timestamp', 'type', 'topologyChanged', 'activeClients', 'clientIds', 'capabilities'].map((text) => [
    text,
    encodeText(text),
  ]),
) as Record<string, Buffer>;

/** The `topologyChanged` event. Built from what each client has encoded already, since it names every one of them. */
export function topologyEvent(clients: ReadonlyMap<string, Client>, now: number): Buffer {
  const ids: Buffer[] = [encodeHead(ARRAY, clients.size)];
  const capabilities: Buffer[] = [encodeHead(MAP, clients.size)];
  for (const client of clients.values()) {
    ids.push(client.idItem);
    capabilities.push(client.idItem, encode(client.groups));
  }
  return Buffer.concat([
    encodeHead(MAP, 3),
    key('data'),
    encodeHead(MAP, 3),
    key('activeClients'),
    encode(clients.size),
    key('capabilities'),
    ...capabilities,
    key('clientIds'),
    ...ids,
    key('timestamp'),
    encode(now),
    key('type'),
    key('topologyChanged'),
  ]);
}

function key(name: string): Buffer {
  return KEY[name] as Buffer;
}
