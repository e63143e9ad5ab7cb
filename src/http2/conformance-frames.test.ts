import { conformance, type Row } from '../../test/support/http2-conformance.ts';
import {
  encodeFrame,
  Flag,
  FrameType,
  goawayFrame,
  pingFrame,
  rstStream,
  Setting,
  settingsAck,
  settingsFrame,
  windowUpdate,
} from '../../test/support/http2-frames.ts';
import { continuation, data, headers, padded, priority, request, requestBlock } from '../../test/support/http2-peer.ts';

/** RFC 9113, sections 4 and 6: single frames, like h2spec. */

const { endStream: END, endHeaders: WHOLE } = Flag;
const PING = pingFrame(Buffer.from('12345678'));
const PONG = `PING ACK ${Buffer.from('12345678').toString('hex')}`;
const ANSWERED = ['HEADERS 1 END_STREAM :status=200'];
const NOTHING = Buffer.alloc(0);
const BLOCK = requestBlock();
const PRIORITY = Buffer.from([0x80, 0, 0, 3, 255]);

/** The connection is ended; the last stream was `last`. */
const ended = (error: string, last = 0): readonly string[] => [`GOAWAY ${last} ${error}`];
const setting = (id: number, value: number): Buffer => settingsFrame({ [id]: value });
const frame = (type: number, streamId: number, bytes: number, flags = 0): Buffer =>
  encodeFrame(type, flags, streamId, Buffer.alloc(bytes));

const FORMAT: readonly Row[] = [
  ['4.1: a frame of an unknown type', [frame(0x16, 0, 8), frame(0xff, 1, 0, 0xff), PING], [PONG]],
  ['4.1: unknown flags', [encodeFrame(FrameType.ping, 0x16, 0, Buffer.from('12345678'))], [PONG]],
  ['4.1: the reserved bit', [encodeFrame(FrameType.ping, 0, 0x80000000, Buffer.from('12345678'))], [PONG]],
  ['4.2: DATA of 16,384 bytes', [request(1), data(1, Buffer.alloc(16_384), END)], ANSWERED],
  ['4.2: DATA of 16,385 bytes', [request(1), data(1, Buffer.alloc(16_385))], ended('FRAME_SIZE_ERROR', 1)],
  ['4.2: HEADERS of 16,385 bytes', [frame(FrameType.headers, 1, 16_385)], ended('FRAME_SIZE_ERROR')],
  ['4.2: an unknown frame of 16,385 bytes', [frame(0x16, 0, 16_385)], ended('FRAME_SIZE_ERROR')],
  ['4.3: a header block that cannot be decoded', [headers(1, Buffer.from([0xff, 0xff]))], ended('COMPRESSION_ERROR')],
  [
    '4.3: trailers that cannot be decoded',
    [request(1), headers(1, Buffer.from([0x80]), WHOLE | END)],
    ended('COMPRESSION_ERROR', 1),
  ],
  [
    '4.3: a bad header block on a closed stream',
    [request(1, '/hold'), rstStream(1, 8), headers(1, Buffer.from([0x80]), WHOLE | END)],
    ended('COMPRESSION_ERROR', 1),
  ],
];

const OPEN_BLOCK = [headers(1, BLOCK, 0)];
const CONTINUED: readonly Row[] = [
  ['4.3: PRIORITY within a header block', [...OPEN_BLOCK, priority(1)], ended('PROTOCOL_ERROR')],
  ['4.3: DATA within a header block', [...OPEN_BLOCK, data(1, Buffer.from('x'))], ended('PROTOCOL_ERROR')],
  ['4.3: padded DATA within a header block', [...OPEN_BLOCK, data(1, padded(NOTHING, 1), 8)], ended('PROTOCOL_ERROR')],
  ['4.3: PING within a header block', [...OPEN_BLOCK, PING], ended('PROTOCOL_ERROR')],
  ['4.3: another HEADERS within a header block', [...OPEN_BLOCK, headers(3, BLOCK)], ended('PROTOCOL_ERROR')],
  ['4.3: the same HEADERS within a header block', [...OPEN_BLOCK, headers(1, BLOCK)], ended('PROTOCOL_ERROR')],
  ['5.5: an unknown frame within a header block', [...OPEN_BLOCK, frame(0x16, 0, 0)], ended('PROTOCOL_ERROR')],
  ['6.10: one CONTINUATION', [headers(1, BLOCK, END), continuation(1, NOTHING)], ANSWERED],
  [
    '6.10: a block split anywhere, also within a field, and an empty fragment',
    [
      headers(1, BLOCK.subarray(0, 5), END),
      continuation(1, BLOCK.subarray(5, 11), 0),
      continuation(1, NOTHING, 0),
      continuation(1, BLOCK.subarray(11)),
    ],
    ANSWERED,
  ],
  ['6.10: CONTINUATION on another stream', [...OPEN_BLOCK, continuation(3, NOTHING)], ended('PROTOCOL_ERROR')],
  ['6.10: CONTINUATION on stream 0', [...OPEN_BLOCK, continuation(0, NOTHING)], ended('PROTOCOL_ERROR')],
  ['6.10: CONTINUATION without HEADERS', [continuation(1, BLOCK)], ended('PROTOCOL_ERROR')],
  ['6.10: CONTINUATION after the block', [request(1), continuation(1, NOTHING)], ended('PROTOCOL_ERROR', 1)],
  [
    '6.10: CONTINUATION after the one that ended the block',
    [...OPEN_BLOCK, continuation(1, NOTHING), continuation(1, NOTHING)],
    ended('PROTOCOL_ERROR', 1),
  ],
];

const CONTENT: readonly Row[] = [
  ['6.1: DATA on stream 0', [data(0, Buffer.from('x'))], ended('PROTOCOL_ERROR')],
  ['6.1: DATA with padding', [request(1), data(1, padded(Buffer.from('x'), 7), Flag.padded | END)], ANSWERED],
  ['6.1: DATA with padding only', [request(1), data(1, padded(NOTHING, 255), Flag.padded | END)], ANSWERED],
  ['6.1: as much padding as payload', [request(1), data(1, Buffer.from([3, 0, 0]), 8)], ended('PROTOCOL_ERROR', 1)],
  ['6.1: more padding than payload', [request(1), data(1, Buffer.from([200, 0]), 8)], ended('PROTOCOL_ERROR', 1)],
  ['6.1: padding without a length', [request(1), data(1, NOTHING, 8)], [/^GOAWAY 1 (PROTOCOL|FRAME_SIZE)_ERROR$/]],
  ['6.2: HEADERS on stream 0', [headers(0, BLOCK)], ended('PROTOCOL_ERROR')],
  ['6.2: HEADERS with padding', [headers(1, padded(BLOCK, 9), Flag.padded | WHOLE | END)], ANSWERED],
  [
    '6.2: HEADERS with a priority',
    [headers(1, Buffer.concat([PRIORITY, BLOCK]), Flag.priority | WHOLE | END)],
    ANSWERED,
  ],
  [
    '6.2: HEADERS with padding and priority',
    [headers(1, padded(Buffer.concat([PRIORITY, BLOCK]), 255), Flag.padded | Flag.priority | WHOLE | END)],
    ANSWERED,
  ],
  ['6.2: more padding than payload', [headers(1, Buffer.from([9, 0]), Flag.padded | WHOLE)], ended('PROTOCOL_ERROR')],
  [
    '6.2: padding without a length',
    [headers(1, NOTHING, Flag.padded | WHOLE)],
    [/^GOAWAY 0 (PROTOCOL|FRAME_SIZE)_ERROR$/],
  ],
  [
    '6.2: half a priority',
    [headers(1, Buffer.alloc(4), Flag.priority | WHOLE)],
    [/^GOAWAY 0 (PROTOCOL|FRAME_SIZE)_ERROR$/],
  ],
  [
    '6.2: padding that leaves half a priority',
    [headers(1, padded(Buffer.alloc(4), 3), Flag.padded | Flag.priority | WHOLE)],
    [/^GOAWAY 0 (PROTOCOL|FRAME_SIZE)_ERROR$/],
  ],
];

const CONTROL: readonly Row[] = [
  ['6.3: PRIORITY', [priority(1), request(1, '/echo', END), priority(1, PRIORITY)], ANSWERED],
  ['6.3: PRIORITY on stream 0', [priority(0)], ended('PROTOCOL_ERROR')],
  [
    '6.3: PRIORITY of four bytes',
    [request(1), priority(1, Buffer.alloc(4))],
    [/(GOAWAY|RST_STREAM) 1 FRAME_SIZE_ERROR/],
  ],
  ['6.4: RST_STREAM on stream 0', [rstStream(0, 8)], ended('PROTOCOL_ERROR')],
  ['6.4: RST_STREAM of three bytes', [request(1), frame(FrameType.rstStream, 1, 3)], ended('FRAME_SIZE_ERROR', 1)],
  ['6.4: RST_STREAM with an unknown code', [request(1, '/hold'), rstStream(1, 0xffffffff), PING], [PONG]],
  ['6.5: SETTINGS without entries', [settingsFrame({})], ['SETTINGS ACK']],
  ['6.5: SETTINGS with every entry', [settingsFrame({ 1: 0, 2: 0, 3: 0, 4: 0, 5: 16_384, 6: 0 })], ['SETTINGS ACK']],
  ['6.5: SETTINGS on a stream', [encodeFrame(FrameType.settings, 0, 1, NOTHING)], ended('PROTOCOL_ERROR')],
  ['6.5: SETTINGS of five bytes', [frame(FrameType.settings, 0, 5)], ended('FRAME_SIZE_ERROR')],
  ['6.5: an acknowledgement', [settingsAck(), PING], [PONG]],
  ['6.5: an acknowledgement with a payload', [frame(FrameType.settings, 0, 6, 1)], ended('FRAME_SIZE_ERROR')],
  ['6.5.2: push of neither 0 nor 1', [setting(Setting.enablePush, 2)], ended('PROTOCOL_ERROR')],
  ['6.5.2: push allowed', [setting(Setting.enablePush, 1)], ['SETTINGS ACK']],
  ['6.5.2: a window of 2^31', [setting(Setting.initialWindowSize, 0x80000000)], ended('FLOW_CONTROL_ERROR')],
  ['6.5.2: a window of 2^31 - 1', [setting(Setting.initialWindowSize, 0x7fffffff)], ['SETTINGS ACK']],
  ['6.5.2: frames of 16,383 bytes', [setting(Setting.maxFrameSize, 16_383)], ended('PROTOCOL_ERROR')],
  ['6.5.2: frames of 2^24 bytes', [setting(Setting.maxFrameSize, 1 << 24)], ended('PROTOCOL_ERROR')],
  ['6.5.2: frames of 2^24 - 1 bytes', [setting(Setting.maxFrameSize, (1 << 24) - 1)], ['SETTINGS ACK']],
  ['6.5.2: an unknown setting', [setting(0xff, 0xffffffff)], ['SETTINGS ACK']],
  ['6.5.3: SETTINGS twice', [settingsFrame({ 4: 1 }), settingsFrame({ 4: 2 })], ['SETTINGS ACK', 'SETTINGS ACK']],
  ['6.6: PUSH_PROMISE', [request(1), frame(FrameType.pushPromise, 1, 20, 4)], ended('PROTOCOL_ERROR', 1)],
  ['6.7: PING', [PING], [PONG]],
  ['6.7: an answer to no PING', [pingFrame(Buffer.alloc(8), true), PING], [PONG]],
  ['6.7: PING on a stream', [frame(FrameType.ping, 1, 8)], ended('PROTOCOL_ERROR')],
  ['6.7: PING of six bytes', [frame(FrameType.ping, 0, 6)], ended('FRAME_SIZE_ERROR')],
  ['6.8: requests after GOAWAY are served', [goawayFrame(0, 0), request(1, '/echo', END)], ANSWERED],
  ['6.8: GOAWAY on a stream', [frame(FrameType.goaway, 1, 8)], ended('PROTOCOL_ERROR')],
  ['6.8: GOAWAY of seven bytes', [frame(FrameType.goaway, 0, 7)], ended('FRAME_SIZE_ERROR')],
  ['6.8: GOAWAY with debug data', [frame(FrameType.goaway, 0, 100), PING], [PONG]],
];

const HELD = request(1, '/hold');
const WINDOWS: readonly Row[] = [
  ['6.9: WINDOW_UPDATE', [windowUpdate(0, 1), HELD, windowUpdate(1, 1), PING], [PONG]],
  ['6.9: an increment of zero for the connection', [windowUpdate(0, 0)], ended('PROTOCOL_ERROR')],
  ['6.9: an increment of zero for a stream', [HELD, windowUpdate(1, 0)], ['RST_STREAM 1 PROTOCOL_ERROR']],
  ['6.9: the reserved bit alone', [HELD, windowUpdate(1, 0x80000000)], ['RST_STREAM 1 PROTOCOL_ERROR']],
  ['6.9: the reserved bit is ignored', [HELD, windowUpdate(1, 0x80000001), PING], [PONG]],
  ['6.9: WINDOW_UPDATE of three bytes', [frame(FrameType.windowUpdate, 0, 3)], ended('FRAME_SIZE_ERROR')],
  ['6.9: and of three bytes for a stream', [HELD, frame(FrameType.windowUpdate, 1, 3)], ended('FRAME_SIZE_ERROR', 1)],
  ['6.9.1: a window of 2^31 - 1', [windowUpdate(0, 0x7fffffff - 65_535), PING], [PONG]],
  ['6.9.1: a window of 2^31', [windowUpdate(0, 0x7fffffff - 65_534)], ended('FLOW_CONTROL_ERROR')],
  ['6.9.1: in two steps', [windowUpdate(0, 0x7fff0000), windowUpdate(0, 0x7fffffff)], ended('FLOW_CONTROL_ERROR')],
  ['6.9.1: a stream\u2019s window of 2^31 - 1', [HELD, windowUpdate(1, 0x7fffffff - 65_535), PING], [PONG]],
  ['6.9.1: and of 2^31', [HELD, windowUpdate(1, 0x7fffffff - 65_534)], ['RST_STREAM 1 FLOW_CONTROL_ERROR']],
  [
    '6.9.2: SETTINGS that open a window beyond 2^31 - 1',
    [HELD, windowUpdate(1, 0x7fffffff - 65_535), setting(Setting.initialWindowSize, 65_536)],
    ['SETTINGS ACK', ...ended('FLOW_CONTROL_ERROR', 1)],
  ],
];

for (const rows of [FORMAT, CONTINUED, CONTENT, CONTROL, WINDOWS]) conformance(rows);
