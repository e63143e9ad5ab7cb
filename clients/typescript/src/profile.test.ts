import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterError } from './errors.ts';
import type { WireMessage } from './messages.ts';
import { Profile } from './profile.ts';

const TOO_LARGE = new RouterError('too-large', 'too large');

interface Posted {
  readonly message: WireMessage;
  readonly id: unknown;
  resolve(): void;
  reject(error: RouterError): void;
}

/** A profile whose posted messages wait for the test. */
function newProfile(isAcknowledged = true): { profile: Profile; posted: Posted[] } {
  const posted: Posted[] = [];
  const profile = new Profile(
    { groups: new Set(['a']), metadata: { v: 0 } },
    {
      send: (message) =>
        new Promise((resolve, reject) => {
          posted.push({ message, id: message.payload?.messageId, resolve, reject });
        }),
      isAcknowledged: () => isAcknowledged,
    },
  );
  return { profile, posted };
}

const groupsOf = (profile: Profile): string[] => [...profile.current.groups];

test('a change is in force at once, and taken back alone when the router refuses it', async () => {
  const { profile, posted } = newProfile();
  const first = profile.setMetadata({ v: 1 });
  const joined = profile.join(['b']);
  const left = profile.leave(['a']);
  assert.deepEqual([groupsOf(profile), profile.current.metadata], [['b'], { v: 1 }]);
  profile.refuse(posted[0]?.id, TOO_LARGE);
  profile.refuse('of a message of the application', TOO_LARGE);
  await assert.rejects(first, { code: 'too-large' });
  assert.deepEqual([groupsOf(profile), profile.current.metadata], [['b'], { v: 0 }]);
  for (const { resolve } of posted) resolve();
  await Promise.all([joined, left]);
});

test('a registration accepts the changes that it contains, and no later ones', async () => {
  const { profile, posted } = newProfile();
  const offered = profile.join(['b']);
  assert.deepEqual([...profile.offer().groups], ['a', 'b']);
  const later = profile.join(['c']);
  profile.accept();
  await offered;
  profile.refuse(posted[0]?.id, TOO_LARGE);
  profile.refuse(posted[1]?.id, TOO_LARGE);
  await assert.rejects(later, { code: 'too-large' });
  assert.deepEqual(groupsOf(profile), ['a', 'b']);
});

test('a refused registration takes back all changes that are not accepted', async () => {
  const { profile } = newProfile();
  const changes = [profile.setMetadata({ v: 1 }), profile.join(['b'])];
  profile.offer();
  assert.equal(profile.revert(TOO_LARGE), true);
  for (const change of changes) await assert.rejects(change, { code: 'too-large' });
  assert.deepEqual([groupsOf(profile), profile.current.metadata], [['a'], { v: 0 }]);
  assert.equal(profile.revert(TOO_LARGE), false, 'no changes are left');
});

test('a change that cannot be sent is not made', async () => {
  const { profile, posted } = newProfile();
  const change = profile.join(['b']);
  posted[0]?.reject(new RouterError('buffer-full', 'full'));
  await assert.rejects(change, { code: 'buffer-full' });
  assert.deepEqual(groupsOf(profile), ['a']);
  await assert.rejects(profile.setMetadata([] as never), { code: 'invalid-value' });
});

for (const isAcknowledged of [true, false]) {
  test(`a change that is sent is ${isAcknowledged ? 'accepted' : 'still pending'}, acknowledged ${isAcknowledged}`, async () => {
    const { profile, posted } = newProfile(isAcknowledged);
    const sent = profile.join(['b']);
    posted[0]?.resolve();
    await sent;
    profile.join(['c']).catch(() => {});
    profile.revert(TOO_LARGE);
    assert.deepEqual(groupsOf(profile), isAcknowledged ? ['a', 'b'] : ['a']);
  });
}
