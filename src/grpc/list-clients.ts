import { type ClientFilter, ClientListing, type RouterCore } from '../router/index.ts';
import { type Framing, frameHead } from '../wire/index.ts';
import type { ServerCall } from './call.ts';
import { Pacer } from './pacer.ts';
import { Slots } from './slots.ts';

/** Clients looked at before the clock is, and how long one turn of the event loop may look. */
const CLIENTS_PER_LOOK = 4;
const SLICE_MS = 2;
/** Lists that are made at a time for one connection: each holds a piece until its reader takes it. */
const LISTS_PER_CONNECTION = 4;
const CHUNK_BYTES = 64 * 1024;

/** All lists that are being made, for whomever: one slice a turn. */
const slices = new Pacer(1);

/** Answers `getOnlineClients`: collects in slices, then sends piece after piece as the reader takes them. */
export function sendListing(core: RouterCore, call: ServerCall, framing: Framing, filter: ClientFilter): void {
  call.connection.listings ??= new Slots(LISTS_PER_CONNECTION);
  const slots = call.connection.listings;
  slots.take(() => {
    if (call.isOver) {
      slots.release();
      return;
    }
    call.whenClosed(() => slots.release());
    slices.run(() => collect(core, call, framing, new ClientListing(core.registry.clients.values(), filter)));
  });
}

function collect(core: RouterCore, call: ServerCall, framing: Framing, listing: ClientListing): void {
  if (call.isOver) return;
  const untilMs = performance.now() + SLICE_MS;
  while (!listing.collect(CLIENTS_PER_LOOK)) {
    if (performance.now() < untilMs) continue;
    slices.run(() => collect(core, call, framing, listing));
    return;
  }
  call.sendHeaders();
  call.writeChunks(piecesOf(listing, framing), core.limits.writeDeadlineMs);
}

function* piecesOf(listing: ClientListing, framing: Framing): Generator<Buffer> {
  yield frameHead(listing.bodyBytes, framing);
  yield* listing.chunks(CHUNK_BYTES);
}
