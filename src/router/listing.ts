import { decodeValue, encodeHead, encodeText, mapEntries, sameValue } from '../wire/index.ts';
import type { Client } from './client.ts';

/** Which clients a listing asks for; absent parts match everybody. */
export interface ClientFilter {
  /** Members of any of these. */
  readonly groups: ReadonlySet<string> | null;
  /** Entries that a client's metadata must have, with the value as encoded and as decoded. */
  readonly metadata: readonly { readonly key: string; readonly bytes: Buffer; readonly value: unknown }[] | null;
}

/** The filter's metadata entries, from the map as it came; null when that is no map with text keys. */
export function metadataFilter(map: Buffer): ClientFilter['metadata'] {
  const entries = mapEntries(map, 0, map.length);
  return (
    entries?.map(({ key, valueStart, end }) => {
      const bytes = map.subarray(valueStart, end);
      return { key, bytes, value: decodeValue(bytes) };
    }) ?? null
  );
}

const CLIENTS_KEY = Buffer.concat([encodeHead(5, 1), encodeText('clients')]);

/**
 * The answer of `getOnlineClients`, collected and encoded in slices so that ten thousand clients do not stop the loop.
 * First `collect` until it returns true; then `bodyBytes` is known and `chunks` yields the body.
 */
export class ClientListing {
  bodyBytes = 0;
  private readonly clients: Iterator<Client>;
  private readonly filter: ClientFilter;
  private readonly infos: Buffer[] = [];
  private infoBytes = 0;

  constructor(clients: Iterable<Client>, filter: ClientFilter) {
    this.clients = clients[Symbol.iterator]();
    this.filter = filter;
  }

  /** Looks at `count` more clients; true when there are no more. */
  collect(count: number): boolean {
    for (let left = count; left > 0; left--) {
      const next = this.clients.next();
      if (next.done === true) {
        this.bodyBytes = CLIENTS_KEY.length + encodeHead(4, this.infos.length).length + this.infoBytes;
        return true;
      }
      if (matches(next.value, this.filter)) this.add(next.value.encodedInfo());
    }
    return false;
  }

  /** The body in pieces of about `chunkBytes`. */
  *chunks(chunkBytes: number): Generator<Buffer> {
    let piece: Buffer[] = [CLIENTS_KEY, encodeHead(4, this.infos.length)];
    let pieceBytes = 0;
    for (const info of this.infos) {
      piece.push(info);
      pieceBytes += info.length;
      if (pieceBytes < chunkBytes) continue;
      yield Buffer.concat(piece);
      piece = [];
      pieceBytes = 0;
    }
    if (piece.length > 0) yield Buffer.concat(piece);
  }

  private add(info: Buffer): void {
    this.infos.push(info);
    this.infoBytes += info.length;
  }
}

function matches(client: Client, filter: ClientFilter): boolean {
  if (client.status !== 'online' && client.status !== 'idle') return false;
  const { groups } = filter;
  if (groups !== null && !client.groups.some((group) => groups.has(group))) return false;
  return filter.metadata === null || metadataMatches(client.metadata, filter.metadata);
}

function metadataMatches(metadata: Buffer, wanted: NonNullable<ClientFilter['metadata']>): boolean {
  if (wanted.length === 0) return true;
  const entries = new Map(mapEntries(metadata, 0, metadata.length)?.map((entry) => [entry.key, entry]));
  return wanted.every(({ key, bytes, value }) => {
    const entry = entries.get(key);
    if (entry === undefined) return false;
    const own = metadata.subarray(entry.valueStart, entry.end);
    return own.equals(bytes) || sameValue(decodeValue(own), value);
  });
}
