import { parseArgs } from 'node:util';
import { Http2FuzzTarget } from './http2-target.ts';
import { Random } from './mutate.ts';
import { FuzzFailure, FuzzTarget } from './target.ts';
import { WebSocketFuzzTarget } from './websocket-target.ts';

/** `npm run fuzz -- [--seconds N] [--seed N]`: mutations of recorded messages, random HTTP/2 and WebSocket clients; prints the failing bytes. */

const { seconds, seed } = readOptions();

/** The test clients accumulate received messages; a fresh router keeps the runs comparable. */
const TRIES_PER_ROUTER = 5000;
/** Tries per connection: a connection has many frames. */
const TRIES_PER_CONNECTION = 20;

/** The options; NaN for invalid values. */
function readOptions(): { seconds: number; seed: number } {
  try {
    const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
    return {
      seconds: Number(values.seconds ?? 60),
      seed: Number(values.seed ?? Math.floor(Math.random() * 0x7fffffff)),
    };
  } catch {
    return { seconds: Number.NaN, seed: Number.NaN };
  }
}

function fuzz(): number {
  const random = new Random(seed);
  const untilMs = performance.now() + seconds * 1000;
  let tries = 0;
  while (performance.now() < untilMs) {
    const target = new FuzzTarget();
    const http2 = new Http2FuzzTarget();
    const webSocket = new WebSocketFuzzTarget();
    for (let i = 0; i < TRIES_PER_ROUTER && performance.now() < untilMs; i++, tries++) {
      target.tryOne(random);
      webSocket.tryOne(random);
      if (tries % TRIES_PER_CONNECTION === 0) http2.tryOne(random);
    }
  }
  return tries;
}

if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run fuzz -- [--seconds N] [--seed N]');
  process.exitCode = 2;
} else {
  console.log(`seed ${seed}, ${seconds} s`);
  try {
    console.log(`${fuzz()} messages, as many streams and WebSocket clients, and HTTP/2 connections tried, none failed`);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    console.error(`seed ${seed} failed on ${error.message}`);
    console.error(error.cause);
    process.exitCode = 1;
  }
}
