import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { connect } from '../../clients/typescript/src/node.ts';
import { poll } from '../support/poll.ts';
import { ROOT } from '../support/program.ts';
import { RouterProcess } from '../support/router-process.ts';
import { CHROMIUM, CHROMIUM_ARGS, SKIP_WITHOUT_CHROMIUM } from './browser-fixture.ts';

const run = promisify(execFile);

/** An example that runs until the end of the test. */
function startExample(...args: string[]) {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const stop = async (): Promise<number | null> => {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    return (await closed)[0] as number | null;
  };
  return { output: () => output, stop, child, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

test('service.mjs answers requests of service.mjs --call, and ends in good order', async () => {
  await using router = await RouterProcess.start();
  const url = `http://127.0.0.1:${router.port}`;
  const call = (numbers: string) =>
    run(process.execPath, ['examples/service.mjs', '--url', url, '--call', numbers], { cwd: ROOT });
  await assert.rejects(call('1'), { stderr: /no service is connected: start one with node examples\/service\.mjs/ });
  using service = startExample('examples/service.mjs', '--url', url);
  await poll('the service to serve', () => service.output().includes('Serving as'));
  assert.equal((await call('2,3,5')).stdout, 'The sum is 10\n');
  await assert.rejects(call('2,x'), { stderr: 'remote: numbers must be a list of numbers\n' });
  assert.equal(await service.stop(), 0);
});

test('browser-chat: messages both ways, requests, themes and widths', { skip: SKIP_WITHOUT_CHROMIUM }, async () => {
  using server = startExample('examples/browser-chat/serve.mjs', '0');
  await poll('the address', () => /http:\S+/.test(server.output()));
  const origin = /http:\/\/[\d.:]+/.exec(server.output())?.[0] ?? '';
  await using router = await RouterProcess.start(['--websocket-origins', origin]);
  await using bob = await connect(`http://127.0.0.1:${router.port}`, { name: 'bob', groups: ['lobby'] });
  bob.onRequest(() => ({ time: '12:34:56' }));
  const texts: string[] = [];
  bob.on('message', ({ payload }) => texts.push(String(payload.text)));
  const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: CHROMIUM_ARGS });
  try {
    for (const [colorScheme, width] of [
      ['light', 390],
      ['dark', 390],
      ['dark', 1280],
    ] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 780 } });
      const problems: string[] = [];
      page.on('pageerror', ({ message }) => problems.push(message));
      page.on('console', (message) => problems.push(message.text()));
      await page.goto(`${origin}/?name=alice&router=ws://127.0.0.1:${router.port}`);
      await page.click('#join button');
      await page.locator('#people li', { hasText: 'bob' }).getByRole('button').click();
      await page.locator('#messages', { hasText: 'bob: 12:34:56' }).waitFor();
      await bob.multicast('lobby', { text: `${'wide'.repeat(100)} ${colorScheme}` });
      await page.locator('#messages', { hasText: colorScheme }).waitFor();
      await page.fill('#compose [name=text]', `from ${colorScheme}`);
      await page.click('#compose button');
      await poll('the message at bob', () => texts.includes(`from ${colorScheme}`));
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, 'no horizontal scrolling');
      assert.deepEqual(problems, []);
      // leaving the page ends the session at once
      await page.goto('about:blank');
      await poll('alice to be gone', async () => (await bob.clients()).length === 1);
      await page.close();
    }
  } finally {
    await browser.close();
  }
});

test('the API page is up to date', async () => {
  await run(process.execPath, ['clients/typescript/scripts/docs.mjs', '--check'], { cwd: ROOT });
});
