import { parseArgs } from 'node:util';
import { Http2FuzzTarget } from './http2-target.ts';
import { Random } from './mutate.ts';
import { FuzzFailure, FuzzTarget } from './target.ts';

/** `npm run fuzz -- [--seconds N] [--seed N]`: tries mutations of recorded messages, and HTTP/2 clients at random; prints the bytes that one fails on. */

const { seconds, seed } = readOptions();

/** Clients grow with what they are sent; a fresh router now and then keeps the tries alike. */
const TRIES_PER_ROUTER = 5000;
/** A connection is many frames. */
const TRIES_PER_CONNECTION = 20;

/** The options; not a number where they make no sense. */
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
    for (let i = 0; i < TRIES_PER_ROUTER && performance.now() < untilMs; i++, tries++) {
      target.tryOne(random);
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
    console.log(`${fuzz()} messages, as many streams, and HTTP/2 connections tried, none failed`);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    console.error(`seed ${seed} failed on ${error.message}`);
    console.error(error.cause);
    process.exitCode = 1;
  }
}
