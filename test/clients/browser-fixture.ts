import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findProgram, skipWithout } from '../monitoring/programs.ts';

export const CHROMIUM = findProgram('chromium', 'chromium-browser', 'google-chrome');
export const SKIP_WITHOUT_CHROMIUM = skipWithout('chromium', CHROMIUM);
/** As root, Chromium has no sandbox. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
];

/** An empty page in Chromium, of an origin of its own, with the client's bundle at `/client.js`. */
export class BrowserFixture implements AsyncDisposable {
  private readonly server: Server;
  private readonly browser: Browser;

  private constructor(server: Server, browser: Browser) {
    this.server = server;
    this.browser = browser;
  }

  static async open(): Promise<BrowserFixture> {
    const { outputFiles } = await build({
      entryPoints: [new URL('../../clients/typescript/src/index.ts', import.meta.url).pathname],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
    });
    const bundle = outputFiles[0]?.text ?? '';
    const server = createServer(({ url }, response) => {
      const isBundle = url === '/client.js';
      response.setHeader('content-type', isBundle ? 'text/javascript' : 'text/html');
      response.end(isBundle ? bundle : '<!doctype html><title>test</title>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new BrowserFixture(server, await chromium.launch({ executablePath: CHROMIUM ?? '', args: CHROMIUM_ARGS }));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async page(): Promise<Page> {
    const page = await this.browser.newPage();
    await page.goto(this.origin);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
