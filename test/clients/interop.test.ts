import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, Double, RouterError, type Value } from '../../clients/typescript/src/node.ts';
import { SKIP_WITHOUT_DART, startDart } from './dart-program.ts';

/** A value, what Dart takes it for, and what comes back when it is not the value. */
const CASES: readonly (readonly [value: Value, kind: string, back?: Value])[] = [
  [null, 'null'],
  [true, 'bool'],
  [1, 'int'],
  [-1, 'int'],
  [2 ** 53 - 1, 'int'],
  [2n ** 53n + 1n, 'int'],
  [2n ** 63n - 1n, 'int'],
  [-(2n ** 63n), 'int'],
  [7n, 'int', 7],
  [new Double(1), 'double', 1],
  [0.5, 'double'],
  [1e300, 'double'],
  ['Привет 👋', 'String'],
  ['', 'String'],
  [new Uint8Array([0, 127, 255]), 'Uint8List'],
  [[1, [0.5, null], 'x'], 'List'],
  [{ a: { b: [] }, я: 1 }, 'Map'],
];

test('Dart and TypeScript: every kind of value there and back', { skip: SKIP_WITHOUT_DART }, async () => {
  await using peer = startDart('test/interop_peer.dart', { ROUTER_URL: '' });
  const [url = '', id = ''] = (await peer.firstLine()).split(' ');
  const client = await connect(url, { name: 'typescript' });
  try {
    client.onRequest((request) => ({ value: request.payload.value ?? null }));
    for (const [value, kind, back = value] of CASES) {
      const answer = await client.request(id, { do: 'describe', value });
      assert.equal(answer.kind, kind, String(value));
      assert.deepEqual(answer.value, back, String(value));
    }
    const report = await client.request(id, { do: 'ask' });
    assert.deepEqual([report.count, report.failures], [15, []]);
    await assert.rejects(client.request(id, { do: 'dance' }), (error) => error instanceof RouterError);
  } finally {
    await client.close();
  }
});
