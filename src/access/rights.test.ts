import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERMISSIONS } from '../router/index.ts';
import { MESSAGE_TYPES, TypeCode } from '../wire/index.ts';
import { RoleRights } from './rights.ts';

const allowed = (...allow: string[]) => new RoleRights('r', allow);
const freeTypes = ({ typeMask }: RoleRights) => MESSAGE_TYPES.filter((_, code) => (typeMask & (1 << code)) !== 0);
/** Types that concern nobody but the router and the sender itself. */
const ALWAYS = ['heartbeat', 'updateGroups', 'error', 'unknown'];

test('a role without permissions allows nothing but the messages to the router itself', () => {
  const rights = allowed();
  assert.deepEqual(
    PERMISSIONS.filter((permission) => rights.allows(permission)),
    [],
  );
  assert.deepEqual(freeTypes(rights), ALWAYS);
  assert.equal(rights.allowsGroup('join', ''), false);
});

test('* allows everything', () => {
  const rights = allowed('*');
  for (const permission of PERMISSIONS) assert.equal(rights.allows(permission), true, permission);
  assert.deepEqual(freeTypes(rights), MESSAGE_TYPES);
  assert.equal(rights.allowsGroup('multicast', 'a.b'), true);
});

for (const [permission, type] of [
  ['send', 'unicast'],
  ['request', 'request'],
  ['respond', 'response'],
  ['broadcast', 'broadcast'],
  ['metadata', 'updateMetadata'],
  ['multicast:**', 'multicast'],
] as const) {
  test(`${permission} allows messages of type ${type}, and no other`, () => {
    assert.deepEqual(
      freeTypes(allowed(permission)).filter((name) => !ALWAYS.includes(name)),
      [type],
    );
  });
}

test('list and events allow no messages', () => {
  const rights = allowed('list', 'events');
  assert.deepEqual(freeTypes(rights), ALWAYS);
  assert.deepEqual(
    PERMISSIONS.filter((permission) => rights.allows(permission)),
    ['list', 'events'],
  );
});

test('join and multicast are independent, and each is the union of its globs', () => {
  const rights = allowed('join:room.*', 'join:lobby', 'multicast:news.**');
  assert.equal(rights.typeMask & (1 << TypeCode.multicast), 0, 'to be checked per group');
  for (const group of ['room.1', 'lobby']) assert.equal(rights.allowsGroup('join', group), true, group);
  for (const group of ['room.1.2', 'news.x', 'lobbyx']) assert.equal(rights.allowsGroup('join', group), false, group);
  assert.equal(rights.allowsGroup('multicast', 'news.a.b'), true);
  assert.equal(rights.allowsGroup('multicast', 'room.1'), false);
});
