import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeCluster } from './merge-cluster.ts';

const node = (label: string, state: 'up' | 'joining' | 'suspect', lagMs: number) => ({
  label,
  state,
  release: '1',
  clients: 7,
  lagMs,
  unacknowledgedBytes: 10,
  clockOffsetMs: 1,
});

test('the workers of this machine are no other nodes, and each other node is listed once with its worst values', () => {
  const merged = mergeCluster('host', [
    { label: 'host/1', connected: true, nodes: [node('host/2', 'up', 0), node('b', 'up', 5)], problems: { gaps: 1 } },
    {
      label: 'host/2',
      connected: false,
      nodes: [node('host/1', 'up', 0), node('b', 'suspect', 3)],
      problems: { gaps: 2, resets: 1 },
    },
  ]);
  assert.deepEqual(merged, {
    label: 'host',
    connected: false,
    nodes: [{ ...node('b', 'suspect', 5), unacknowledgedBytes: 20 }],
    problems: { gaps: 3, resets: 1 },
  });
  assert.equal(mergeCluster('host', []), null);
});
