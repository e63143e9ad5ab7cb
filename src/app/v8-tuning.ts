import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/**
 * Keeps the young generation of the heap as large as it is when everything is loaded, 8 MiB a half or less, instead of 16.
 * What a message needs is dead long before it is full; after a crowd came or went, a collection takes a few milliseconds
 * instead of 20 to 30; and a router that has gone quiet gives its memory back. V8 looks at this flag whenever it is about
 * to enlarge (Node 20 to 24); whoever wants a larger one starts with `node --min-semi-space-size=MiB`.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** What a heap smaller than this may gain between two full collections. */
const ROOM_BYTES = 64 * 1024 * 1024;
/** What V8 takes for having to find out itself. */
const UP_TO_V8 = 0;

/**
 * Lets a small heap grow by 64 MiB before V8 walks all of it. To V8 the chunks that were read are part of it, and a heap of
 * 15 MiB may grow by half: with large messages that was a dozen full collections a second and a third of the processor time.
 * To be called now and then, since V8 wants it in per cent of what is there; it looks at this flag after each of them.
 */
export function makeHeapRoom(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent(getHeapStatistics().used_heap_size)}`);
}

/** By how much a heap of `usedBytes` may grow between two full collections, in per cent of that. */
export function growingPercent(usedBytes: number): number {
  return usedBytes < ROOM_BYTES ? Math.ceil((100 * ROOM_BYTES) / usedBytes) : UP_TO_V8;
}
