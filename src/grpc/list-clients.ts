import { ClientListing, metadataFilter, type RouterCore } from '../router/index.ts';
import { type Framing, frameHead } from '../wire/index.ts';
import type { RouterCall } from './call.ts';

/** Clients looked at before the event loop gets a turn: a millisecond or two when each is encoded for the first time. */
const CLIENTS_PER_SLICE = 100;
const CHUNK_BYTES = 64 * 1024;

export interface ListingRequest {
  readonly groups: ReadonlySet<string> | null;
  /** The metadata filter as it was encoded. */
  readonly metadata: Buffer | null;
}

/** Answers `getOnlineClients`: collects in slices, then sends piece after piece as the reader takes them. */
export function sendListing(core: RouterCore, call: RouterCall, framing: Framing, request: ListingRequest): void {
  const metadata = request.metadata === null ? null : metadataFilter(request.metadata);
  const listing = new ClientListing(core.registry.clients.values(), { groups: request.groups, metadata });
  const collect = (): void => {
    if (call.isOver) return;
    if (!listing.collect(CLIENTS_PER_SLICE)) {
      setImmediate(collect);
      return;
    }
    call.sendHeaders();
    call.writePieces(pieces(), core.limits.writeDeadlineMs);
  };
  function* pieces(): Generator<Buffer> {
    yield frameHead(listing.bodyBytes, framing);
    yield* listing.chunks(CHUNK_BYTES);
  }
  collect();
}
