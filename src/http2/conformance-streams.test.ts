import { encodeHeaders, type HeaderField } from '../../test/support/hpack.ts';
import { conformance, type Row } from '../../test/support/http2-conformance.ts';
import { encodeFrame, Flag, FrameType, pingFrame, rstStream, windowUpdate } from '../../test/support/http2-frames.ts';
import { continuation, data, headers, priority, request, requestBlock } from '../../test/support/http2-peer.ts';

/** RFC 9113, sections 5 and 8: streams and requests, like h2spec. */

const { endStream: END, endHeaders: WHOLE } = Flag;
const PING = pingFrame(Buffer.from('12345678'));
const PONG = `PING ACK ${Buffer.from('12345678').toString('hex')}`;
const ANSWER = 'HEADERS 1 END_STREAM :status=200';
const CONTENT = Buffer.from('x');
const TRAILERS = headers(1, encodeHeaders([['x', 'y']]), WHOLE | END);

const ended = (error: string, last: number): readonly string[] => [`GOAWAY ${last} ${error}`];

const IDLE: readonly Row[] = [
  ['5.1, idle: DATA', [data(1, CONTENT)], ended('PROTOCOL_ERROR', 0)],
  ['5.1, idle: DATA beyond the last stream', [request(1), data(3, CONTENT)], ended('PROTOCOL_ERROR', 1)],
  ['5.1, idle: RST_STREAM', [rstStream(1, 8)], ended('PROTOCOL_ERROR', 0)],
  ['5.1, idle: WINDOW_UPDATE', [windowUpdate(1, 1)], ended('PROTOCOL_ERROR', 0)],
  ['5.1, idle: CONTINUATION', [continuation(1, requestBlock())], ended('PROTOCOL_ERROR', 0)],
  ['5.1, idle: PRIORITY', [priority(1), PING], [PONG]],
  ['5.1, idle: DATA on a server-initiated stream', [request(3), data(2, CONTENT)], ended('PROTOCOL_ERROR', 3)],
  ['5.1, idle: RST_STREAM on a server-initiated stream', [request(3), rstStream(2, 8)], ended('PROTOCOL_ERROR', 3)],
];

const BOTH_OPEN = [request(1, '/hold')];
const OPEN: readonly Row[] = [
  ['5.1, open: DATA', [...BOTH_OPEN, data(1, CONTENT), PING], [PONG]],
  ['5.1, open: WINDOW_UPDATE and PRIORITY', [...BOTH_OPEN, windowUpdate(1, 1), priority(1), PING], [PONG]],
  ['5.1, open: RST_STREAM', [...BOTH_OPEN, rstStream(1, 8), PING], [PONG]],
];

const THEY_ENDED = [request(1, '/hold', END)];
const HALF_CLOSED_REMOTE: readonly Row[] = [
  ['5.1, half-closed (remote): DATA', [...THEY_ENDED, data(1, CONTENT)], ['RST_STREAM 1 STREAM_CLOSED']],
  [
    '5.1, half-closed (remote): empty DATA',
    [...THEY_ENDED, data(1, Buffer.alloc(0), END)],
    ['RST_STREAM 1 STREAM_CLOSED'],
  ],
  ['5.1, half-closed (remote): HEADERS', [...THEY_ENDED, TRAILERS], ['RST_STREAM 1 STREAM_CLOSED']],
  ['5.1, half-closed (remote): CONTINUATION', [...THEY_ENDED, continuation(1, CONTENT)], ended('PROTOCOL_ERROR', 1)],
  ['5.1, half-closed (remote): WINDOW_UPDATE', [...THEY_ENDED, windowUpdate(1, 1), PING], [PONG]],
  ['5.1, half-closed (remote): PRIORITY', [...THEY_ENDED, priority(1), PING], [PONG]],
  ['5.1, half-closed (remote): RST_STREAM', [...THEY_ENDED, rstStream(1, 8), PING], [PONG]],
];

const WE_ENDED = [request(1, '/early')];
const HALF_CLOSED_LOCAL: readonly Row[] = [
  [
    '5.1, half-closed (local): DATA, and its end',
    [...WE_ENDED, data(1, CONTENT), data(1, CONTENT, END), PING],
    [ANSWER, PONG],
  ],
  ['5.1, half-closed (local): trailers', [...WE_ENDED, TRAILERS, PING], [ANSWER, PONG]],
  ['5.1, half-closed (local): WINDOW_UPDATE', [...WE_ENDED, windowUpdate(1, 1), PING], [ANSWER, PONG]],
  ['5.1, half-closed (local): PRIORITY', [...WE_ENDED, priority(1), PING], [ANSWER, PONG]],
  ['5.1, half-closed (local): RST_STREAM', [...WE_ENDED, rstStream(1, 8), PING], [ANSWER, PONG]],
];

/** Causes for the server to reset a stream, and the frame sent. */
const RESET_BY_SERVER: readonly (readonly [how: string, frames: readonly Buffer[], sent: string])[] = [
  ['by RST_STREAM from the server', [request(1, '/hold'), windowUpdate(1, 0)], 'RST_STREAM 1 PROTOCOL_ERROR'],
  ['as malformed', [headers(1, encodeHeaders([['x', 'y']]))], 'RST_STREAM 1 PROTOCOL_ERROR'],
];
const DATA_FRAMES: readonly (readonly [name: string, frame: Buffer])[] = [
  ['DATA', data(1, CONTENT)],
  ['DATA with padding', data(1, Buffer.from([1, 0, 0]), Flag.padded)],
];
/** Frames that may still arrive on a closed stream. */
const LATE: readonly (readonly [name: string, frame: Buffer])[] = [
  ['WINDOW_UPDATE', windowUpdate(1, 1)],
  ['WINDOW_UPDATE of zero', windowUpdate(1, 0)],
  ['PRIORITY', priority(1)],
  ['RST_STREAM', rstStream(1, 8)],
];
/** Closed by the client, which must not send on it afterwards. */
const THEY_CLOSED = [request(1, '/hold'), rstStream(1, 8)];
const SKIPPED = [request(3, '/hold')];
const CLOSED: readonly Row[] = [
  ...RESET_BY_SERVER.flatMap(([how, frames, sent]) =>
    [...DATA_FRAMES, ['trailers', TRAILERS] as const, ...LATE].map(
      ([name, frame]): Row => [`5.1, closed ${how}: ${name}`, [...frames, frame, PING], [sent, PONG]],
    ),
  ),
  ...LATE.map(([name, frame]): Row => [`5.1, closed by RST_STREAM: ${name}`, [...THEY_CLOSED, frame, PING], [PONG]]),
  ...DATA_FRAMES.map(
    ([name, frame]): Row => [
      `5.1, closed by RST_STREAM: ${name}`,
      [...THEY_CLOSED, frame, PING],
      ['RST_STREAM 1 STREAM_CLOSED', PONG],
    ],
  ),
  ['5.1, closed by RST_STREAM: trailers', [...THEY_CLOSED, TRAILERS], ended('STREAM_CLOSED', 1)],
  ['5.1, closed by RST_STREAM: HEADERS', [...THEY_CLOSED, request(1)], ended('STREAM_CLOSED', 1)],
  ...LATE.map(([name, frame]): Row => [`5.1, left out: ${name}`, [...SKIPPED, frame, PING], [PONG]]),
  ['5.1.1: a decreasing stream id', [...SKIPPED, request(1)], ended('PROTOCOL_ERROR', 3)],
];

const NUMBERS: readonly Row[] = [
  ['5.1.1: an even stream id', [request(2)], ended('PROTOCOL_ERROR', 0)],
  [
    '5.1.1: ids may be skipped',
    [request(7, '/early', END), request(0x7fffffff, '/early', END)],
    ['HEADERS 7 END_STREAM :status=200', `HEADERS ${0x7fffffff} END_STREAM :status=200`],
  ],
  [
    '5.1.2: one stream beyond the limit',
    Array.from({ length: 513 }, (_, i) => request(2 * i + 1, '/hold')),
    ['RST_STREAM 1025 REFUSED_STREAM'],
  ],
  [
    '5.1.2: closed streams do not count',
    Array.from({ length: 600 }, (_, i) => Buffer.concat([request(2 * i + 1, '/hold'), rstStream(2 * i + 1, 8)])),
    [],
  ],
  [
    '5.4.1: no answer after a connection error',
    [rstStream(0, 8), PING, request(1, '/early')],
    ended('PROTOCOL_ERROR', 0),
  ],
  [
    '5.4.2: a stream error does not affect other streams',
    [request(1), request(3), windowUpdate(1, 0), data(3, CONTENT, END)],
    ['RST_STREAM 1 PROTOCOL_ERROR', 'HEADERS 3 END_STREAM :status=200'],
  ],
  ['5.5: an unknown frame on an unknown stream', [encodeFrame(0xbb, 0xff, 99, CONTENT), PING], [PONG]],
];

/** A request with additional fields, or with these fields only. */
const asked = (more: readonly HeaderField[]): Buffer => headers(1, requestBlock('/echo', more), WHOLE | END);
const askedAlone = (fields: readonly HeaderField[]): Buffer => headers(1, encodeHeaders(fields), WHOLE | END);
const MALFORMED = ['RST_STREAM 1 PROTOCOL_ERROR'];

const REQUESTS: readonly Row[] = [
  ['8.1: DATA and trailers', [request(1), data(1, CONTENT), TRAILERS], [ANSWER]],
  ['8.1: HEADERS within a body', [request(1), data(1, CONTENT), headers(1, encodeHeaders([['x', 'y']]))], MALFORMED],
  ['8.1: a request again', [request(1), request(1)], MALFORMED],
  [
    '8.1: trailers with a pseudo-header',
    [request(1), headers(1, encodeHeaders([[':method', 'GET']]), WHOLE | END)],
    MALFORMED,
  ],
  [
    '8.1: trailers with an uppercase name',
    [request(1), headers(1, encodeHeaders([['X', 'y']]), WHOLE | END)],
    MALFORMED,
  ],
  ['8.1: empty trailers', [request(1), headers(1, Buffer.alloc(0), WHOLE | END)], [ANSWER]],
  ['8.2.1: an uppercase name', [asked([['X-Test', 'y']])], MALFORMED],
  ['8.2.1: a line break in a value', [asked([['x', 'a\nb']])], MALFORMED],
  ['8.2.2: connection', [asked([['connection', 'keep-alive']])], MALFORMED],
  ['8.2.2: te: trailers', [asked([['te', 'trailers']])], [ANSWER]],
  ['8.2.2: te: gzip', [asked([['te', 'trailers, gzip']])], MALFORMED],
  ['8.3: an unknown pseudo-header', [asked([[':test', 'y']])], MALFORMED],
  ['8.3: a response pseudo-header', [asked([[':status', '200']])], MALFORMED],
  [
    '8.3: a pseudo-header after regular fields',
    [
      askedAlone([
        [':method', 'POST'],
        [':scheme', 'http'],
        ['x', 'y'],
        [':path', '/'],
      ]),
    ],
    MALFORMED,
  ],
  ['8.3.1: no fields', [askedAlone([])], MALFORMED],
  [
    '8.3.1: no :path',
    [
      askedAlone([
        [':method', 'POST'],
        [':scheme', 'http'],
      ]),
    ],
    MALFORMED,
  ],
  [
    '8.3.1: an empty :path',
    [
      askedAlone([
        [':method', 'POST'],
        [':scheme', 'http'],
        [':path', ''],
      ]),
    ],
    MALFORMED,
  ],
  ['8.3.1: :path twice', [asked([[':path', '/']])], MALFORMED],
  ['8.3.1: an empty :authority, as Dart sends it', [asked([[':authority', '']])], [ANSWER]],
  [
    '8.4: PUSH_PROMISE',
    [encodeFrame(FrameType.pushPromise, WHOLE, 1, Buffer.from([0, 0, 0, 2, 0x82]))],
    ended('PROTOCOL_ERROR', 0),
  ],
  [
    '8.1.1: a body as long as its content-length, in two frames',
    [headers(1, requestBlock('/echo', [['content-length', '2']])), data(1, CONTENT), data(1, CONTENT, END)],
    [ANSWER],
  ],
  [
    '8.1.1: a body shorter than its content-length',
    [headers(1, requestBlock('/echo', [['content-length', '2']])), data(1, CONTENT, END)],
    MALFORMED,
  ],
  [
    '8.1.1: a body longer than its content-length',
    [headers(1, requestBlock('/echo', [['content-length', '0']])), data(1, CONTENT, END)],
    MALFORMED,
  ],
  [
    '8.1.1: a body longer than its content-length before its end',
    [headers(1, requestBlock('/hold', [['content-length', '1']])), data(1, CONTENT), data(1, CONTENT)],
    MALFORMED,
  ],
  [
    '8.1.1: a body cut short by trailers',
    [headers(1, requestBlock('/hold', [['content-length', '2']])), data(1, CONTENT), TRAILERS],
    MALFORMED,
  ],
  ['8.1.1: no body despite a content-length', [asked([['content-length', '1']])], MALFORMED],
  ['8.1.1: no body with content-length 0', [asked([['content-length', '0']])], [ANSWER]],
  [
    '8.1.1: a wrong length after the response',
    [headers(1, requestBlock('/early', [['content-length', '2']])), data(1, CONTENT, END)],
    [ANSWER, ...MALFORMED],
  ],
  [
    '10.5.1: headers beyond the limit, refused by the handler',
    [asked([['x', 'v'.repeat(16_300)]]), PING],
    [ANSWER, PONG],
  ],
];

/** Accepted although RFC 9113 forbids it: harmless here. */
const LET_PASS: readonly Row[] = [
  ['8.2.1: a space before a value', [asked([['x', ' y']])], [ANSWER]],
  ['8.2.1: a tab after a value', [asked([['x', 'y\t']])], [ANSWER]],
];

for (const rows of [IDLE, OPEN, HALF_CLOSED_REMOTE, HALF_CLOSED_LOCAL, CLOSED, NUMBERS, REQUESTS, LET_PASS])
  conformance(rows);
