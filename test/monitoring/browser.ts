import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findProgram, skipWithout } from './programs.ts';

const CHROMIUM = findProgram('chromium', 'chromium-browser', 'google-chrome');
export const SKIP_WITHOUT_CHROMIUM = skipWithout('chromium', CHROMIUM);

/** Only the page may use the network; as root, Chromium has no sandbox. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium with one status page open. */
export class PageFixture implements AsyncDisposable {
  readonly page: Page;
  /** Console messages of the page, including CSP violations, without failed requests to a stopped router. */
  readonly complaints: string[] = [];
  /** All addresses requested by the page. */
  readonly requested: string[] = [];
  private readonly browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
    page.on('console', (message) => {
      if (!/net::ERR_/.test(message.text())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => this.requested.push(request.url()));
  }

  static async open(metricsPort: number | null, options: BrowserContextOptions = {}): Promise<PageFixture> {
    const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ARGS });
    try {
      const page = await browser.newPage({ locale: 'en-GB', ...options });
      const fixture = new PageFixture(browser, page);
      await page.goto(`http://127.0.0.1:${metricsPort}/`);
      return fixture;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** The text of the element with `data-value="name"`. */
  async value(name: string): Promise<string> {
    return (await this.page.locator(`[data-value="${name}"]`).textContent()) ?? '';
  }

  /** A figure as a number; in English the page groups digits by commas. */
  async figure(name: string): Promise<number> {
    return Number((await this.value(name)).replace(/[,\s]/g, ''));
  }

  /** The rows of a table, each as its cells. */
  async rows(name: string): Promise<string[][]> {
    const rows = await this.page.locator(`[data-rows="${name}"] tr`).all();
    return Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
  }

  async notices(): Promise<string> {
    return (await this.page.locator('[data-part="notices"]').textContent()) ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}
