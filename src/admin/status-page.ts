import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { assetFile } from '../host/index.ts';

/** A file of the status page. */
export interface PageAsset {
  readonly contentType: string;
  readonly body: Buffer;
}

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

const ownFile = (name: string): (() => Buffer) => {
  return () => readFileSync(assetFile(`admin/page/${name}`));
};
const chartFile = (name: string): (() => Buffer) => {
  return () => readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`));
};

/** Names of the page's own scripts. */
const OWN_SCRIPTS = ['page', 'charts', 'clients', 'dom', 'feed', 'format', 'notices', 'series', 'texts', 'view'];

/** Content type and reader by path. The chart library is served too, so that the page loads nothing from other hosts. */
const FILES: Readonly<Record<string, readonly [string, () => Buffer]>> = {
  '/': [HTML, ownFile('index.html')],
  '/page.css': [STYLE, ownFile('page.css')],
  ...Object.fromEntries(OWN_SCRIPTS.map((name) => [`/${name}.js`, [SCRIPT, ownFile(`${name}.js`)] as const])),
  '/uplot.js': [SCRIPT, chartFile('uPlot.esm.js')],
  '/uplot.css': [STYLE, chartFile('uPlot.min.css')],
};

/** The files of the status page. Each is read on its first request and kept. */
export class PageAssets {
  private readonly loaded = new Map<string, PageAsset>();

  /** The file at `path`, or null. Throws when it cannot be read. */
  get(path: string): PageAsset | null {
    const known = this.loaded.get(path);
    if (known !== undefined) return known;
    const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
    if (file === undefined) return null;
    const [contentType, read] = file;
    const asset = { contentType, body: read() };
    this.loaded.set(path, asset);
    return asset;
  }
}
