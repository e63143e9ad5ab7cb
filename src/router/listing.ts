import { decodeValue, encodeHead, encodeText, MAJOR_ARRAY, MAJOR_MAP, mapEntries, sameValue } from '../wire/index.ts';
import type { ListedClient } from './client.ts';

/** Filter of a client listing; null matches every client. */
export interface ClientFilter {
  /** Clients that are members of any of these groups. */
  readonly groups: ReadonlySet<string> | null;
  /** Required metadata entries, with the encoded and the decoded value. */
  readonly metadata: readonly { readonly key: string; readonly bytes: Buffer; readonly value: unknown }[] | null;
}

/** Parses the metadata entries of a filter from an encoded map; null unless it is a map with text keys. */
export function metadataFilter(map: Buffer): ClientFilter['metadata'] {
  const entries = mapEntries(map, 0, map.length);
  return (
    entries?.map(({ key, valueStart, end }) => {
      const bytes = map.subarray(valueStart, end);
      return { key, bytes, value: decodeValue(bytes) };
    }) ?? null
  );
}

const CLIENTS_KEY = Buffer.concat([encodeHead(MAJOR_MAP, 1), encodeText('clients')]);

/**
 * The response of `getOnlineClients`, collected and encoded in slices, so that ten thousand clients do not block the event
 * loop. Call `collect` until it returns true; then `bodyBytes` is set and `chunks` yields the body.
 */
export class ClientListing {
  bodyBytes = 0;
  private readonly clients: Iterator<ListedClient>;
  private readonly filter: ClientFilter;
  private readonly infos: Buffer[] = [];
  private infoBytes = 0;

  constructor(clients: Iterable<ListedClient>, filter: ClientFilter) {
    this.clients = clients[Symbol.iterator]();
    this.filter = filter;
  }

  /** Processes up to `count` more clients; returns true after the last one. */
  collect(count: number): boolean {
    for (let left = count; left > 0; left--) {
      const next = this.clients.next();
      if (next.done === true) {
        this.bodyBytes = CLIENTS_KEY.length + encodeHead(MAJOR_ARRAY, this.infos.length).length + this.infoBytes;
        return true;
      }
      if (matchesFilter(next.value, this.filter)) this.add(next.value.encodedInfo());
    }
    return false;
  }

  /** Yields the body in chunks of about `chunkBytes`. */
  *chunks(chunkBytes: number): Generator<Buffer> {
    let chunk: Buffer[] = [CLIENTS_KEY, encodeHead(MAJOR_ARRAY, this.infos.length)];
    let chunkSize = 0;
    for (const info of this.infos) {
      chunk.push(info);
      chunkSize += info.length;
      if (chunkSize < chunkBytes) continue;
      yield Buffer.concat(chunk);
      chunk = [];
      chunkSize = 0;
    }
    if (chunk.length > 0) yield Buffer.concat(chunk);
  }

  private add(info: Buffer): void {
    this.infos.push(info);
    this.infoBytes += info.length;
  }
}

/** True when `client` is listed and matches `filter`. */
export function matchesFilter(client: ListedClient, filter: ClientFilter): boolean {
  if (client.status !== 'online' && client.status !== 'idle') return false;
  const { groups } = filter;
  if (groups !== null && !client.groups.some((group) => groups.has(group))) return false;
  return filter.metadata === null || metadataMatches(client.metadata, filter.metadata);
}

function metadataMatches(metadata: Buffer, required: NonNullable<ClientFilter['metadata']>): boolean {
  if (required.length === 0) return true;
  const entries = new Map(mapEntries(metadata, 0, metadata.length)?.map((entry) => [entry.key, entry]));
  return required.every(({ key, bytes, value }) => {
    const entry = entries.get(key);
    if (entry === undefined) return false;
    const encoded = metadata.subarray(entry.valueStart, entry.end);
    return encoded.equals(bytes) || sameValue(decodeValue(encoded), value);
  });
}
