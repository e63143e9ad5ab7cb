import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { PageFixture, SKIP_WITHOUT_CHROMIUM } from './browser.ts';
import { Load } from './load.ts';

const options = { skip: SKIP_WITHOUT_CHROMIUM };
const PATIENT = { limitMs: 20_000, everyMs: 100 };
const LOCALES = { 'en-GB': 'Ready', 'ru-RU': 'Работает' } as const;
const THEMES = ['light', 'dark'] as const;
const WIDTHS = [320, 390, 768, 1280] as const;
/** A folder for screenshots of every variant, for work on the page. */
const { PAGE_SCREENSHOTS } = process.env;

let router: RouterProcess;
let load: Load;
before(async () => {
  if (SKIP_WITHOUT_CHROMIUM !== false) return;
  // with a memory limit and client names, all tiles and tables have content
  const args = ['--metrics', '--metrics-port', '0', '--status-page-clients', '--supervised', '--max-memory', '512M'];
  router = await RouterProcess.start(args);
  load = await Load.start(router.port, 60);
  for (const client of load.clients.slice(0, 12)) client.connection.end();
});
after(async () => {
  load?.[Symbol.dispose]();
  await router?.stop();
});

for (const [locale, ready] of Object.entries(LOCALES)) {
  for (const colorScheme of THEMES) {
    test(`${locale}, ${colorScheme}: nothing is wider than the screen or its card`, options, async () => {
      await using fixture = await PageFixture.open(router.metricsPort, { locale, colorScheme });
      await poll('the state', async () => (await fixture.value('state')) === ready, PATIENT);
      await poll('a type', async () => (await fixture.rows('types')).length > 0, PATIENT);
      await poll('the closed clients', async () => (await fixture.rows('closed')).length > 0, PATIENT);
      const found: Record<number, string[]> = {};
      for (const width of WIDTHS) {
        await fixture.page.setViewportSize({ width, height: 800 });
        await poll(
          'the charts to fit',
          async () => (await fixture.page.evaluate<number>(WIDEST_CHART)) <= width,
          PATIENT,
        );
        if (PAGE_SCREENSHOTS !== undefined) {
          const path = `${PAGE_SCREENSHOTS}/${locale}-${colorScheme}-${width}.png`;
          await fixture.page.screenshot({ path, fullPage: true });
        }
        found[width] = await fixture.page.evaluate<string[]>(OVERFLOWING);
      }
      assert.deepEqual(found, Object.fromEntries(WIDTHS.map((width) => [width, []])));
      assert.deepEqual(fixture.complaints, []);
    });
  }
}

const WIDEST_CHART = `Math.max(...[...document.querySelectorAll('.u-wrap')].map((el) => el.getBoundingClientRect().right))`;

/** Elements with overflowing contents, and texts cut off by the edge of the screen. */
const OVERFLOWING = `(() => {
  const found = [];
  const name = (el) => el.tagName.toLowerCase() + '.' + el.className + ' ' + el.textContent.trim().slice(0, 40);
  if (document.documentElement.scrollWidth > innerWidth) found.push('document ' + document.documentElement.scrollWidth);
  for (const el of document.querySelectorAll('body *')) {
    if (el.closest('.unseen, .skip, svg, .u-wrap, noscript, [hidden]') || el.closest('.scroll') !== null && !el.matches('.scroll')) continue;
    const { left, right, width } = el.getBoundingClientRect();
    if (width > 0 && (left < -0.5 || right > innerWidth + 0.5)) found.push('off the screen: ' + name(el));
    if (el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 0 && !el.matches('.scroll')) found.push('wider than its box: ' + name(el));
  }
  return found;
})()`;
