import { test } from 'node:test';
import { Random } from './mutate.ts';
import { WebSocketFuzzTarget } from './websocket-target.ts';

/** `npm run fuzz` does the same for a minute, from another seed each time. */
const SEED = 20250614;
const TRIES = 2000;

test(`${TRIES} random WebSocket clients: frames are read as by ws alone, every call is closed once`, () => {
  const target = new WebSocketFuzzTarget();
  const random = new Random(SEED);
  for (let i = 0; i < TRIES; i++) target.tryOne(random);
});
