import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { PageFixture, SKIP_WITHOUT_CHROMIUM } from './browser.ts';

const PATIENT = { limitMs: 20_000, everyMs: 100 };
const ARGS = ['--metrics', '--metrics-port', '0'];

/** Registers `count` clients on one connection. */
async function registerClients(port: number, count: number): Promise<DartClient> {
  const client = await DartClient.connect(port);
  for (let i = 0; i < count; i++) {
    const clientName = `phone-${String(i).padStart(3, '0')}`;
    await client.register({ clientName, groups: [i % 2 === 0 ? 'even' : 'odd'] });
  }
  return client;
}

test('the client table: pages, search, order', { skip: SKIP_WITHOUT_CHROMIUM }, async () => {
  await using router = await RouterProcess.start([
    ...ARGS,
    '--status-page-clients',
    '--max-clients-per-connection',
    '200',
  ]);
  using _clients = await registerClients(router.port, 120);
  await using fixture = await PageFixture.open(router.metricsPort);
  const { page } = fixture;
  const range = (text: string) => poll(text, async () => (await fixture.value('clientRange')) === text, PATIENT);
  const firstName = async () => (await fixture.rows('clients'))[0]?.[0];
  await range('1–50 of 120');
  assert.equal(await firstName(), 'phone-000');
  const next = page.getByRole('button', { name: 'Next' });
  await next.click();
  await range('51–100 of 120');
  await next.click();
  await range('101–120 of 120');
  assert.ok(await next.isDisabled());
  await page.getByRole('button', { name: 'Name' }).click();
  await poll('the last name first', async () => (await firstName()) === 'phone-119', PATIENT);
  assert.equal(await page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort'), 'descending');
  await page.getByRole('searchbox', { name: 'Search' }).fill('PHONE-04');
  await range('1–10 of 10');
  assert.equal(await firstName(), 'phone-049');
  await page.getByRole('searchbox').fill('nothing like it');
  await poll('the note', async () => page.getByText('No client matches the search').isVisible(), PATIENT);
  assert.deepEqual(fixture.complaints, []);
});

test('the client table: shows the last page after clients disconnected', { skip: SKIP_WITHOUT_CHROMIUM }, async () => {
  await using router = await RouterProcess.start([...ARGS, '--status-page-clients']);
  using _staying = await registerClients(router.port, 10);
  using leaving = await registerClients(router.port, 60);
  await using fixture = await PageFixture.open(router.metricsPort);
  await poll('all', async () => (await fixture.value('clientRange')) === '1–50 of 70', PATIENT);
  await fixture.page.getByRole('button', { name: 'Next' }).click();
  await poll('page two', async () => (await fixture.value('clientRange')) === '51–70 of 70', PATIENT);
  await leaving.close();
  await poll('the page that is left', async () => (await fixture.value('clientRange')) === '1–10 of 10', PATIENT);
});

test('without --status-page-clients: no table, and the endpoint reports why', {
  skip: SKIP_WITHOUT_CHROMIUM,
}, async () => {
  await using router = await RouterProcess.start(ARGS);
  await using fixture = await PageFixture.open(router.metricsPort);
  await poll('the state', async () => (await fixture.value('state')) === 'Ready', PATIENT);
  assert.ok(await fixture.page.getByRole('searchbox').isHidden());
  assert.match(await router.get('/api/clients'), /^Clients are listed only with --status-page-clients/);
});

test('an invalid query: the response lists the allowed values', async () => {
  await using router = await RouterProcess.start([...ARGS, '--status-page-clients']);
  assert.match(await router.get('/api/clients?sort=colour'), /^sort must be one of name, id, address, status/);
  assert.match(await router.get('/api/clients?limit=1000'), /^limit must be 1\.\.200/);
  assert.deepEqual(JSON.parse(await router.get('/api/clients')), { total: 0, matching: 0, offset: 0, clients: [] });
});
