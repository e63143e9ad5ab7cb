import { type ClientFilter, ClientListing, metadataFilter } from '../router/index.ts';
import { ConcurrencyLimiter } from './concurrency-limiter.ts';
import { mapField, textListField } from './fields.ts';
import { type DeferredAnswer, type RpcContext, RpcError, type RpcRequest, type RpcResponse } from './method.ts';

/** Limits the cost of a filter: each entry is looked up in every client. */
const MAX_FILTER_ENTRIES = 64;
/** Clients examined between two reads of the clock, and duration of one slice. */
const CLIENTS_PER_CHECK = 4;
const SLICE_MS = 2;
/** Listings in progress per connection: each holds a chunk until its client reads it. */
const LISTINGS_PER_CONNECTION = 4;
const CHUNK_BYTES = 64 * 1024;

/** `getOnlineClients`: collects in slices, then sends in chunks as fast as the client reads. */
export function listClients(request: RpcRequest, context: RpcContext): DeferredAnswer {
  const groups = textListField(request, 'groups');
  const metadata = mapField(request, 'metadata');
  const wanted = metadata === null ? null : metadataFilter(metadata);
  if ((wanted?.length ?? 0) > MAX_FILTER_ENTRIES) {
    throw new RpcError('INVALID_ARGUMENT', `metadata must have at most ${MAX_FILTER_ENTRIES} entries`);
  }
  const filter = { groups: groups === null || groups.length === 0 ? null : new Set(groups), metadata: wanted };
  return { start: (response) => startListing(context, response, filter) };
}

function startListing(
  { core, connection, listingSlices }: RpcContext,
  response: RpcResponse,
  filter: ClientFilter,
): void {
  connection.listings ??= new ConcurrencyLimiter(LISTINGS_PER_CONNECTION);
  const limiter = connection.listings;
  limiter.run(() => {
    if (response.isOver) {
      limiter.release();
      return;
    }
    response.onClosed(() => limiter.release());
    const listing = new ClientListing(core.listedClients(), filter);
    const collect = (): void => {
      if (response.isOver) return;
      if (collectSlice(listing)) response.sendChunks(listing.bodyBytes, listing.chunks(CHUNK_BYTES));
      else listingSlices.run(collect);
    };
    listingSlices.run(collect);
  });
}

/** True when all clients have been examined. */
function collectSlice(listing: ClientListing): boolean {
  const untilMs = performance.now() + SLICE_MS;
  while (!listing.collect(CLIENTS_PER_CHECK)) if (performance.now() >= untilMs) return false;
  return true;
}
