import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryNetwork } from './memory-carrier.ts';

test('memory carrier: messages reach the addressed node, announcements all others', () => {
  const queue: (() => void)[] = [];
  const network = new MemoryNetwork((run) => void queue.push(run));
  const received: string[] = [];
  const carriers = ['a', 'b', 'c'].map((name) => {
    const carrier = network.carrier(name);
    carrier.open({
      onData: (bytes) => void received.push(`${name} data ${bytes}`),
      onAnnounce: (bytes) => void received.push(`${name} announce ${bytes}`),
      onState: (up) => void received.push(`${name} ${up}`),
      onPeerLost: (peer) => void received.push(`${name} lost ${peer}`),
    });
    return carrier;
  });
  const run = (): string[] => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) next();
    return received.splice(0);
  };
  assert.deepEqual(run(), ['a true', 'b true', 'c true']);
  carriers[0]?.send('c', [Buffer.from('1'), Buffer.from('23')], 3);
  carriers[1]?.announce(Buffer.from('4'));
  assert.deepEqual(received, [], 'no event within a call');
  assert.deepEqual(run(), ['c data 123', 'a announce 4', 'c announce 4']);
  carriers[2]?.destroy();
  carriers[0]?.send('c', [Buffer.from('5')], 1);
  carriers[0]?.announce(Buffer.from('6'));
  assert.deepEqual(run(), ['b announce 6']);
});
