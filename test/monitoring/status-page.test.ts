import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { PageFixture, SKIP_WITHOUT_CHROMIUM } from './browser.ts';
import { Load } from './load.ts';

const options = { skip: SKIP_WITHOUT_CHROMIUM };
const PATIENT = { limitMs: 20_000, everyMs: 100 };
const ARGS = ['--metrics', '--metrics-port', '0'];
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, locale: 'ru-RU' };

test('the page under load: figures change, charts are drawn, no other host is contacted', options, async () => {
  await using router = await RouterProcess.start(ARGS);
  using load = await Load.start(router.port);
  await using fixture = await PageFixture.open(router.metricsPort);
  const { page } = fixture;
  await poll('the state', async () => (await fixture.value('state')) === 'Ready', PATIENT);
  assert.equal(await fixture.figure('connections'), load.clients.length);
  assert.match(await fixture.value('connectionsMax'), /^of 1,000$/);
  await poll('messages per second', async () => (await fixture.figure('inPerSecond')) > 0, PATIENT);
  const unicasts = async () => Number((await fixture.rows('types')).find(([type]) => type === 'unicast')?.[2]);
  const before = await unicasts();
  const uptime = await fixture.value('uptime');
  await poll('more unicasts', async () => (await unicasts()) > before, PATIENT);
  await poll('the time going on', async () => (await fixture.value('uptime')) !== uptime, PATIENT);
  assert.match(await fixture.value('latencyP99'), /^[\d.]+\s(µs|ms|s)$/);
  assert.match(await fixture.value('memory'), /^[\d.]+\sMiB$/);
  assert.deepEqual(await fixture.rows('groups'), [['phones', String(load.clients.length)]]);
  assert.deepEqual((await fixture.rows('statuses'))[0], ['online', String(load.clients.length)]);
  await poll('the error', async () => (await fixture.rows('errors'))[0]?.[0] === 'Receiver not found', PATIENT);
  assert.equal(await page.locator('.chart canvas').count(), 7);
  await poll('lines', async () => (await paintedColumns(fixture)) > 0, PATIENT);
  assert.match((await page.locator('.plot').first().getAttribute('aria-label')) ?? '', /^Messages per second: in \d/);
  assert.deepEqual(fixture.complaints, []);
  assert.deepEqual(
    [...new Set(fixture.requested.map((url) => new URL(url).host))],
    [`127.0.0.1:${router.metricsPort}`],
  );
});

/** Number of pixel columns of the first chart with the blue of its first line. */
async function paintedColumns({ page }: PageFixture): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelector('.chart canvas');
    const { width, height, data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const isBlue = (at) => data[at + 3] > 200 && data[at + 2] > 190 && data[at] < 90;
    const columns = Array.from({ length: width }, (_, x) => x);
    return columns.filter((x) => Array.from({ length: height }, (_, y) => y).some((y) => isBlue((y * width + x) * 4))).length;
  })()`);
}

test('the charts: contain the time before the page was opened', options, async () => {
  await using router = await RouterProcess.start(ARGS);
  const history = async () => JSON.parse(await router.get('/api/status/history')).series.at as number[];
  await poll('a history', async () => (await history()).length >= 6, PATIENT);
  const openedAt = Date.now() / 1000;
  await using fixture = await PageFixture.open(router.metricsPort);
  const seriesOf = async () => {
    return fixture.page.evaluate<
      number[]
    >(`Promise.all([import('./series.js'), import('./charts.js')]).then(async ([{ Series }, { CHART_COLUMNS }]) => {
      const series = new Series(CHART_COLUMNS);
      series.add((await (await fetch('api/status')).json()).lastSecond);
      series.addHistory((await (await fetch('api/status/history')).json()).series);
      return series.columns.at;
    })`);
  };
  const times = await seriesOf();
  assert.ok(times.filter((at) => at < openedAt).length >= 6, times.join());
  assert.deepEqual(times, [...new Set(times)].sort(), 'each second once, in order');
});

test('a restart of the router: the page shows it and reconnects', options, async () => {
  const folder = new TempFolder();
  await using first = await RouterProcess.start(ARGS, { folder });
  const port = first.metricsPort;
  await using fixture = await PageFixture.open(port);
  await poll('the state', async () => (await fixture.value('state')) === 'Ready', PATIENT);
  await first.stop();
  await poll('the loss', async () => (await fixture.value('state')) === 'No connection', PATIENT);
  assert.match(await fixture.notices(), /No connection to the router since \d\d:\d\d:\d\d/);
  await using second = await RouterProcess.start(['--metrics', '--metrics-port', String(port)], { folder });
  await poll('the new router', async () => (await fixture.value('state')) === 'Ready', PATIENT);
  assert.match(
    await fixture.notices(),
    /^The router was restarted at \d\d:\d\d:\d\d: counters start at zero\.Dismiss$/,
  );
  assert.match(
    await fixture.value('process'),
    new RegExp(`^Process ${second.pid}, .*${second.instanceId.slice(0, 8)}$`),
  );
  using client = await DartClient.join(second.port);
  await poll('its client', async () => (await fixture.figure('clients')) === 1, PATIENT);
  assert.ok(client.id.startsWith('client_'));
  await fixture.page.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await fixture.notices(), '');
  assert.deepEqual(fixture.complaints, []);
  await second.stop();
  folder.remove();
});

test('a frozen router: the page distinguishes it from an idle one', options, async () => {
  await using router = await RouterProcess.start(ARGS);
  await using fixture = await PageFixture.open(router.metricsPort);
  await poll('the state', async () => (await fixture.value('state')) === 'Ready', PATIENT);
  router.signal('SIGSTOP');
  await poll('the silence', async () => /sent nothing since/.test(await fixture.notices()), PATIENT);
  router.signal('SIGCONT');
  await poll('the end of it', async () => (await fixture.value('state')) === 'Ready', PATIENT);
  assert.equal(await fixture.notices(), '');
});

test('Russian on a phone: nothing is wider than the screen, no text is in English', options, async () => {
  await using router = await RouterProcess.start(ARGS);
  using _load = await Load.start(router.port);
  await using fixture = await PageFixture.open(router.metricsPort, PHONE);
  await poll('the state', async () => (await fixture.value('state')) === 'Работает', PATIENT);
  await poll('a type', async () => (await fixture.rows('types')).length > 0, PATIENT);
  const { page } = fixture;
  assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), 390);
  assert.equal(await page.getAttribute('html', 'lang'), 'ru');
  const texts = await page.locator('[data-text]').allTextContents();
  assert.deepEqual(
    texts.filter((text) => !/[а-яё]/i.test(text)),
    [],
  );
});

test('client names: shown only with --status-page-clients', options, async () => {
  for (const [args, isShown] of [
    [ARGS, false],
    [[...ARGS, '--status-page-clients'], true],
  ] as const) {
    await using router = await RouterProcess.start(args);
    const client = await DartClient.join(router.port, { clientName: 'Natalia' });
    await client.close();
    await using fixture = await PageFixture.open(router.metricsPort);
    const row = await poll('the closed client', async () => (await fixture.rows('closed'))[0], PATIENT);
    assert.equal(row[1], 'Connection lost');
    assert.equal((await fixture.page.content()).includes('Natalia'), isShown);
    assert.equal((await fixture.page.content()).includes(client.id), isShown);
  }
});

test('memory: shown relative to the limit of a daemon; no limit in the foreground', options, async () => {
  await using daemon = await RouterProcess.start([...ARGS, '--supervised', '--max-memory', '4096M']);
  await using fixture = await PageFixture.open(daemon.metricsPort);
  await poll('the limit', async () => (await fixture.value('memoryMax')) === 'of 4\u00a0GiB', PATIENT);
  assert.ok(await fixture.page.getByRole('meter', { name: 'Memory' }).isVisible());
  assert.match(await daemon.get('/metrics'), /^rpc_router_memory_limit_bytes 4294967296$/m);
  await using foreground = await RouterProcess.start(ARGS);
  await using other = await PageFixture.open(foreground.metricsPort);
  await poll('the state', async () => (await other.value('state')) === 'Ready', PATIENT);
  assert.equal(await other.value('memoryMax'), '');
  assert.ok(await other.page.locator('[data-part="memoryMeter"]').isHidden());
  assert.doesNotMatch(await foreground.get('/metrics'), /^rpc_router_memory_limit_bytes \d/m);
});

test('a refused reload: shown with its reason', options, async () => {
  using folder = new TempFolder();
  const config = folder.write('router.yaml', 'max-connections: 10\n');
  await using router = await RouterProcess.start([...ARGS, '--config', config]);
  await using fixture = await PageFixture.open(router.metricsPort);
  folder.write('router.yaml', 'port: 1\nmax-connections: many\n');
  await router.reload();
  await poll('the refusal', async () => /^Refused/.test(await fixture.value('reload')), PATIENT);
  assert.match((await fixture.page.locator('[data-part="reloadErrors"]').textContent()) ?? '', /max-connections/);
  folder.write('router.yaml', 'max-connections: 20\n');
  await router.reload();
  await poll('the change', async () => (await fixture.rows('changes')).join() === 'max-connections,10,20', PATIENT);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`${colorScheme}: every text has sufficient contrast`, options, async () => {
    await using router = await RouterProcess.start(ARGS);
    await using fixture = await PageFixture.open(router.metricsPort, { colorScheme });
    const colour = async (name: string) => fixture.page.evaluate<string>(cssColour(name));
    for (const [text, behind] of READABLE) {
      const ratio = contrast(await colour(text), await colour(behind));
      assert.ok(ratio >= 4.5, `${text} on ${behind}: ${ratio.toFixed(2)}, WCAG AA wants 4.5`);
    }
    const isDark = luminance(await colour('--page')) < 0.2;
    assert.equal(isDark, colorScheme === 'dark');
  });
}

const READABLE = [
  ['--text', '--card'],
  ['--text', '--page'],
  ['--text', '--bar'],
  ['--muted', '--card'],
  ['--muted', '--page'],
  ['--muted', '--line'],
  ['--accent', '--page'],
  ['--good', '--good-soft'],
  ['--warn', '--warn-soft'],
  ['--bad', '--bad-soft'],
  ['--bad', '--card'],
] as const;

const cssColour = (name: string): string =>
  `getComputedStyle(document.documentElement).getPropertyValue('${name}').trim()`;

/** Relative luminance of #rgb or #rrggbb, as WCAG 2 has it. */
function luminance(hex: string): number {
  const digits = hex.length === 4 ? hex.slice(1).replace(/./g, '$&$&') : hex.slice(1);
  const channels = [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

test('a screen reader: every element has a name', options, async () => {
  await using router = await RouterProcess.start(ARGS);
  await using fixture = await PageFixture.open(router.metricsPort);
  await poll('the state', async () => (await fixture.value('state')) === 'Ready', PATIENT);
  const tree = await fixture.page.locator('body').ariaSnapshot();
  for (const name of ['Messages by type', 'Errors by reason', 'Clients by group', 'Recently disconnected']) {
    assert.match(tree, new RegExp(`table "${name}"`));
  }
  assert.match(tree, /img "Routing latency: p50 .*, p95 .*, p99 /);
  assert.match(tree, /meter "Connections"/);
  await fixture.page.keyboard.press('Tab');
  assert.equal(await fixture.page.evaluate<string>('document.activeElement.textContent'), 'Skip to the figures');
});
