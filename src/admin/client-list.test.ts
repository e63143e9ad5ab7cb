import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterHarness } from '../../test/support/router-harness.ts';
import { Slices, sortInSlices } from '../telemetry/sliced-work.ts';
import { type ClientPage, listClients, parseClientQuery } from './client-list.ts';

function query(text: string) {
  const parsed = parseClientQuery(new URLSearchParams(text));
  assert.ok(typeof parsed === 'object', String(parsed));
  return parsed;
}

async function list(harness: RouterHarness, text: string): Promise<ClientPage> {
  const page = await listClients(harness.core.registry.clients, query(text));
  assert.ok(page);
  return page;
}

const names = ({ clients }: ClientPage) => clients.map(({ clientName }) => clientName);

function harnessWith(...clients: readonly { name: string | null; groups?: readonly string[] }[]): RouterHarness {
  const harness = new RouterHarness();
  for (const client of clients) harness.register({ groups: [], ...client });
  return harness;
}

test('page: order, offset and limit', async () => {
  const harness = harnessWith({ name: 'Bob' }, { name: 'alice' }, { name: 'dora' }, { name: 'Carl' });
  assert.deepEqual(names(await list(harness, '')), ['alice', 'Bob', 'Carl', 'dora']);
  assert.deepEqual(names(await list(harness, 'order=desc&offset=1&limit=2')), ['Carl', 'Bob']);
  const beyond = await list(harness, 'offset=10');
  assert.deepEqual([beyond.total, beyond.matching, beyond.clients.length], [4, 4, 0]);
});

test('search: part of a name, id, group or address, case-insensitive', async () => {
  const harness = harnessWith({ name: 'Наталья' }, { name: null, groups: ['Phones'] }, { name: 'bob' });
  harness.register({ name: 'far', groups: [], connection: harness.connect('10.0.0.7:5000') });
  assert.deepEqual(names(await list(harness, 'search=НАТ')), ['Наталья']);
  assert.deepEqual(names(await list(harness, 'search=phone')), [null]);
  assert.deepEqual(names(await list(harness, 'search=10.0.0.7')), ['far']);
  const [bob] = (await list(harness, 'search=bob')).clients;
  assert.deepEqual(names(await list(harness, `search=${bob?.clientId}`)), ['bob']);
  assert.equal((await list(harness, 'search=online')).matching, 4);
});

test('a client with many groups: ten groups and their number', async () => {
  const groups = Array.from({ length: 12 }, (_, i) => `group-${i}`);
  const [client] = (await list(harnessWith({ name: 'many', groups }), '')).clients;
  assert.deepEqual([client?.groups.length, client?.groupCount], [10, 12]);
});

test('invalid parameters: refused with the allowed values', () => {
  for (const [text, message] of [
    ['sort=colour', /^sort must be one of name, id/],
    ['order=up', /^order must be asc or desc$/],
    ['offset=-1', /^offset must be a whole number/],
    ['limit=0', /^limit must be 1\.\.200$/],
    [`search=${'x'.repeat(257)}`, /^search must have at most 256/],
  ] as const) {
    assert.match(String(parseClientQuery(new URLSearchParams(text))), message);
  }
});

/** A clock that advances by a microsecond per read. */
function countedTime(): () => number {
  let readings = 0;
  return () => readings++ / 1000;
}

test('10,000 clients: the event loop runs between slices, and the list is complete', async () => {
  const harness = harnessWith(...Array.from({ length: 10_000 }, (_, i) => ({ name: `phone-${(i * 7919) % 10_000}` })));
  const slices = new Slices(countedTime());
  const page = await listClients(harness.core.registry.clients, query('limit=3'), () => true, slices);
  assert.ok(slices.count >= 10, `${slices.count} slices`);
  assert.deepEqual([page?.total, page?.matching], [10_000, 10_000]);
  assert.deepEqual(page && names(page), ['phone-0', 'phone-1', 'phone-10']);
});

test('a disconnected viewer: only the current slice completes', async () => {
  const harness = harnessWith(...Array.from({ length: 5000 }, (_, i) => ({ name: `phone-${i}` })));
  const slices = new Slices(countedTime());
  assert.equal(await listClients(harness.core.registry.clients, query(''), () => false, slices), null);
  assert.equal(slices.count, 1);
});

test('sorting in slices: stable and complete', async () => {
  const items = Array.from({ length: 3001 }, (_, i) => ({ key: (i * 31) % 100, i }));
  const sorted = await sortInSlices(items, (a, b) => a.key - b.key, new Slices(countedTime()));
  assert.deepEqual(
    sorted,
    [...items].sort((a, b) => a.key - b.key),
  );
  assert.deepEqual(await sortInSlices<number>([], (a, b) => a - b, new Slices()), []);
});
