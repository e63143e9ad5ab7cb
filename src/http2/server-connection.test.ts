import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Flag,
  FrameType,
  PREFACE,
  pingFrame,
  rstStream,
  Setting,
  settingsAck,
  settingsFrame,
  windowUpdate,
} from '../../test/support/http2-frames.ts';
import { data, Http2Peer, headers, padded, request, requestBlock } from '../../test/support/http2-peer.ts';

const { endStream: END } = Flag;
const HELLO = [PREFACE, settingsFrame({})];
const SERVER_PREFACE = ['SETTINGS', `WINDOW_UPDATE ${1024 * 1024 - 65_535}`];

test('ServerConnection: answers the preface with its SETTINGS', () => {
  const peer = new Http2Peer();
  peer.send(PREFACE);
  assert.deepEqual([peer.prefaces, peer.connection.prefaceReceived], [1, true]);
  const [settings, update] = peer.frames();
  assert.equal(settings?.type, FrameType.settings);
  const entries = settings?.payload.toString('hex').match(/.{12}/g);
  assert.deepEqual(entries, ['000300000200', '000400100000', '000600004000'], '512 streams, 1 MiB, 16 KiB of headers');
  assert.deepEqual([update?.streamId, update?.payload.readUInt32BE(0)], [0, 1024 * 1024 - 65_535]);
});

test('ServerConnection: accepts a preface in several chunks and with further frames', () => {
  for (const size of [1, 5, 23, 24, 25, 1000]) {
    const peer = new Http2Peer();
    peer.sendCut(size, ...HELLO, settingsAck(), request(1, '/early'));
    assert.deepEqual(peer.sent(), [...SERVER_PREFACE, 'SETTINGS ACK', 'HEADERS 1 END_STREAM :status=200']);
    assert.equal(peer.prefaces, 1);
  }
});

test('ServerConnection: passes all bytes of another protocol to onOtherProtocol', () => {
  for (const wrong of ['GET / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r ', 'PRI * HTTP/1.1', '\x16\x03\x01']) {
    for (const size of [1, 1000]) {
      const peer = new Http2Peer();
      const bytes = Buffer.concat([Buffer.from(wrong, 'latin1'), ...HELLO]);
      peer.sendCut(size, bytes);
      assert.deepEqual(Buffer.concat(peer.otherBytes), bytes);
      assert.deepEqual([peer.sent(), peer.prefaces, peer.finishes, peer.failures], [[], 0, 0, []]);
    }
  }
});

test('ServerConnection: the first frame must be SETTINGS', () => {
  for (const first of [pingFrame(Buffer.alloc(8)), request(1), windowUpdate(0, 1), data(1, Buffer.from('x'))]) {
    for (const size of [1, 1000]) {
      const peer = new Http2Peer();
      peer.sendCut(size, PREFACE, first, settingsFrame({}));
      assert.deepEqual(peer.sent(), [...SERVER_PREFACE, 'GOAWAY 0 PROTOCOL_ERROR']);
    }
  }
});

test('ServerConnection: passes on the headers of a request, and its body as it arrives', () => {
  for (const size of [1, 7, 10_000]) {
    const peer = Http2Peer.connected();
    const block = requestBlock('/echo', [['content-type', 'application/grpc']]);
    const body = [
      data(1, Buffer.from('abc')),
      data(1, padded(Buffer.from('def'), 5), Flag.padded),
      data(1, Buffer.from('g'), END),
    ];
    peer.sendCut(size, headers(1, block), ...body);
    const served = peer.request();
    assert.deepEqual([served.headers.path, served.headers.contentType], ['/echo', 'application/grpc']);
    assert.deepEqual([served.body.toString(), served.ends, served.closes], ['abcdefg', 1, 1]);
  }
});

test('ServerConnection: END_STREAM on HEADERS ends the request', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold', END));
  assert.deepEqual([peer.request().ends, peer.request().closes], [1, 0]);
});

test('ServerConnection: trailers end the request', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'), headers(1, Buffer.alloc(0), END | Flag.endHeaders));
  assert.equal(peer.request().ends, 1);
});

test('ServerConnection: RST_STREAM closes the request once, and nothing follows', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'), data(1, Buffer.from('ab')), rstStream(1, 8), data(1, Buffer.from('c'), END));
  const { body, ends, closes } = peer.request();
  assert.deepEqual([body.toString(), ends, closes], ['ab', 0, 1]);
});

test('ServerConnection: a stream reset by the server within a frame receives nothing of the rest', () => {
  const peer = Http2Peer.connected();
  const frame = data(1, Buffer.from('abcdef'), END);
  peer.send(request(1, '/hold'), frame.subarray(0, 11));
  peer.request().stream.reset(8);
  peer.send(frame.subarray(11), pingFrame(Buffer.alloc(8)));
  assert.deepEqual([peer.request().body.toString(), peer.request().ends], ['ab', 0]);
  assert.deepEqual(peer.sent(), ['RST_STREAM 1 CANCEL', 'PING ACK 0000000000000000']);
});

test('ServerConnection: a stream ended by both sides is closed', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/echo', END));
  assert.deepEqual(peer.sent(), ['HEADERS 1 END_STREAM :status=200']);
  peer.send(windowUpdate(1, 1), rstStream(1, 8), pingFrame(Buffer.alloc(8)));
  assert.deepEqual(peer.sent(), ['PING ACK 0000000000000000']);
  peer.send(request(3, '/echo', END));
  peer.sent();
  peer.send(data(1, Buffer.from('x')), data(1, Buffer.from('x')));
  assert.deepEqual(peer.sent(), ['RST_STREAM 1 STREAM_CLOSED'], 'sent once');
  peer.send(headers(3, requestBlock()));
  assert.deepEqual(peer.sent(), ['GOAWAY 3 STREAM_CLOSED']);
});

test('StreamTable: remembers as many reset streams as may be open', () => {
  const peer = Http2Peer.connected();
  for (let id = 1; id <= 2 * 513; id += 2) peer.send(request(id, '/hold'), windowUpdate(id, 0));
  peer.sent();
  peer.send(data(3, Buffer.from('x')), pingFrame(Buffer.alloc(8)));
  assert.deepEqual(peer.sent(), ['PING ACK 0000000000000000']);
  peer.send(data(1, Buffer.from('x')));
  assert.deepEqual(peer.sent(), ['RST_STREAM 1 STREAM_CLOSED']);
});

test('ServerConnection: refills both windows before they are used up', () => {
  const peer = Http2Peer.connected();
  let [connection, stream] = [1024 * 1024, 1024 * 1024];
  peer.send(request(1, '/hold'));
  for (let i = 0; i < 300; i++) {
    // padding counts towards the window
    const frame = i % 3 === 0 ? data(1, padded(Buffer.alloc(16_000), 255), Flag.padded) : data(1, Buffer.alloc(16_384));
    connection -= frame.length - 9;
    stream -= frame.length - 9;
    peer.sendCut(10_000, frame);
    for (const { type, streamId, payload } of peer.frames()) {
      assert.equal(type, FrameType.windowUpdate);
      if (streamId === 0) connection += payload.readUInt32BE(0);
      else stream += payload.readUInt32BE(0);
    }
    assert.ok(Math.min(connection, stream) > 256 * 1024 && Math.max(connection, stream) <= 1024 * 1024);
  }
});

test('ServerConnection: DATA on a closed stream refills the connection window', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'));
  peer.request().stream.reset(8);
  peer.sent();
  let window = 1024 * 1024;
  for (let i = 0; i < 100; i++) {
    peer.send(data(1, Buffer.alloc(16_384)));
    window -= 16_384;
    for (const { streamId, payload } of peer.frames()) {
      assert.equal(streamId, 0);
      window += payload.readUInt32BE(0);
    }
  }
  assert.ok(window > 256 * 1024);
});

test('ServerConnection: sends no WINDOW_UPDATE for an ended stream', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'), ...Array.from({ length: 31 }, () => data(1, Buffer.alloc(16_384))));
  assert.deepEqual(peer.sent(), []);
  peer.send(data(1, Buffer.alloc(16_384), END));
  assert.deepEqual(peer.sent(), [`WINDOW_UPDATE ${512 * 1024}`]);
});

test('ServerConnection: sends no WINDOW_UPDATE for a stream reset within a frame', () => {
  const peer = Http2Peer.connected();
  const frame = data(1, Buffer.alloc(16_384));
  peer.send(request(1, '/hold'), ...Array(31).fill(frame), frame.subarray(0, 100));
  peer.request().stream.reset(8);
  peer.send(frame.subarray(100));
  assert.deepEqual(peer.sent(), ['RST_STREAM 1 CANCEL', `WINDOW_UPDATE ${512 * 1024}`]);
});

test('receivedSinceCheck: set by every frame', () => {
  const peer = Http2Peer.connected();
  for (const frame of [pingFrame(Buffer.alloc(8), true), settingsAck(), request(1), data(1, Buffer.from('x'))]) {
    peer.connection.receivedSinceCheck = false;
    peer.send(frame);
    assert.ok(peer.connection.receivedSinceCheck);
  }
});

test('ping: sends a keepalive PING', () => {
  const peer = Http2Peer.connected();
  peer.connection.ping();
  assert.deepEqual(peer.sent(), [`PING ${Buffer.from('keepaliv').toString('hex')}`]);
});

test('hasActiveStreams: true from the first request until the last response is written', () => {
  const peer = Http2Peer.connected();
  assert.equal(peer.connection.hasActiveStreams, false);
  peer.send(request(1));
  assert.equal(peer.connection.hasActiveStreams, true);
  peer.reads = false;
  peer.send(data(1, Buffer.alloc(0), END));
  assert.equal(peer.connection.hasActiveStreams, true);
  peer.completeWrite();
  assert.deepEqual([peer.connection.hasActiveStreams, peer.request().closes], [false, 1]);
});

test('ServerConnection: SETTINGS that open the windows resume the response', () => {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: 0 });
  peer.send(request(1, '/hold', END));
  peer.request().write(Buffer.from('abc'));
  peer.request().answer();
  assert.deepEqual(peer.sent(), []);
  peer.send(settingsFrame({ [Setting.initialWindowSize]: 65_535 }));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK', 'DATA 1 3', 'HEADERS 1 END_STREAM :status=200']);
});

test('withholdsWindow: withholds WINDOW_UPDATE, and the client must not exceed the window', () => {
  const chunk = Buffer.alloc(16_000);
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'), request(3, '/hold'));
  const { stream } = peer.request(0);
  stream.withholdsWindow = true;
  for (let n = 0; n < 60; n++) peer.send(data(1, chunk));
  const ofStream = (): string[] => peer.sent().filter((line) => !line.startsWith('WINDOW_UPDATE 0'));
  assert.deepEqual(
    ofStream().filter((line) => line.startsWith('WINDOW_UPDATE 1 ')),
    [],
  );
  stream.withholdsWindow = false;
  stream.refillWindow();
  assert.deepEqual(ofStream(), ['WINDOW_UPDATE 1 960000']);
  peer.request(1).stream.withholdsWindow = true;
  for (let n = 0; n < 66; n++) peer.send(data(3, chunk));
  assert.deepEqual(ofStream().at(-1), 'RST_STREAM 3 FLOW_CONTROL_ERROR');
  assert.deepEqual(peer.failures, []);
});
