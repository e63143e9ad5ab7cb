import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pingFrame } from './http2-frames.ts';
import { Http2Peer } from './http2-peer.ts';

/** Frames of a client, and the expected answer of the server: lines, or a pattern for one line. */
export type Row = readonly [what: string, frames: readonly Buffer[], answers: readonly (string | RegExp)[]];

const ALIVE = pingFrame(Buffer.from('alive?!?'));

/** A test for each row: its frames arrive at once, and byte by byte. */
export function conformance(rows: readonly Row[]): void {
  for (const [what, frames, expected] of rows) {
    test(what, () => {
      const bytes = Buffer.concat(frames);
      for (const size of [bytes.length, 1]) checkRow(Http2Peer.connected(), size, bytes, expected);
    });
  }
}

function checkRow(peer: Http2Peer, size: number, bytes: Buffer, expected: readonly (string | RegExp)[]): void {
  peer.sendCut(size, bytes);
  const answers = peer.sent();
  assert.equal(answers.length, expected.length, answers.join('; '));
  for (const [i, wanted] of expected.entries()) {
    if (typeof wanted === 'string') assert.equal(answers[i], wanted);
    else assert.match(answers[i] ?? '', wanted);
  }
  const isOver = answers.some((line) => line.startsWith('GOAWAY'));
  peer.send(ALIVE);
  assert.equal(peer.frames().length, isOver ? 0 : 1, 'alive or not');
  assert.deepEqual([peer.finishes, peer.failures.length], isOver ? [1, 1] : [0, 0]);
  if (isOver) for (const { closes } of peer.served) assert.equal(closes, 1);
}
