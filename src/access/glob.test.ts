import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Glob } from './glob.ts';

const CASES: readonly (readonly [glob: string, matching: readonly string[], other: readonly string[]])[] = [
  ['room', ['room'], ['', 'roo', 'rooms', 'ROOM']],
  ['', [''], ['a']],
  ['*', ['', 'room', 'a b'], ['.', 'room.1', 'a.']],
  ['**', ['', 'room', 'room.1.x', '...'], []],
  ['room.*', ['room.', 'room.7'], ['room', 'room.7.8', 'xroom.7', 'room.7.']],
  ['room.**', ['room.', 'room.7', 'room.7.8'], ['room', 'rooms.1']],
  ['*.private', ['a.private', '.private'], ['a.b.private', 'private']],
  ['**.private', ['a.private', 'a.b.private'], ['private', 'a.privates']],
  ['a**b*c', ['abc', 'a.b.b.bxc', 'aXb.bc'], ['ab.c', 'abcd']],
  ['***', ['a.b'], []],
  ['a.?+(x)[y]\\', ['a.?+(x)[y]\\'], ['a.xx']],
  ['комната.*', ['комната.семь'], ['комната.1.2']],
  ['*😀', ['a😀', '😀'], ['😀a', '.😀']],
];

for (const [glob, matching, other] of CASES) {
  test(`${JSON.stringify(glob)} matches ${JSON.stringify(matching)}, not ${JSON.stringify(other)}`, () => {
    const compiled = new Glob(glob);
    for (const name of matching) assert.equal(compiled.matches(name), true, name);
    for (const name of other) assert.equal(compiled.matches(name), false, name);
  });
}

test('a glob matches exactly as the equivalent regular expression', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 10 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 14 });
  fc.assert(
    fc.property(text, name, (glob, group) => {
      const source = glob.replace(/\*{2,}|\*|\./g, (part) => (part === '.' ? '\\.' : part === '*' ? '[^.]*' : '.*'));
      assert.equal(new Glob(glob).matches(group), new RegExp(`^${source}$`).test(group), `${glob} on ${group}`);
    }),
    { numRuns: 5000 },
  );
});

test('the worst pattern and name do not block the event loop', () => {
  const glob = new Glob(`**${'a*'.repeat(40)}b`);
  const startedMs = performance.now();
  assert.equal(glob.matches('a'.repeat(256)), false);
  assert.ok(performance.now() - startedMs < 1000, 'a regular expression would take years');
});
