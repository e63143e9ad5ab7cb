import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A file of the status page. */
export interface PageAsset {
  readonly contentType: string;
  readonly body: Buffer;
}

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

const ownFile = (name: string): (() => Buffer) => {
  return () => readFileSync(new URL(`./page/${name}`, import.meta.url));
};
const chartFile = (name: string): (() => Buffer) => {
  return () => readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`));
};

/** The page's own scripts, by name. */
const OWN_SCRIPTS = ['page', 'charts', 'clients', 'dom', 'feed', 'format', 'notices', 'series', 'texts', 'view'];

/** Path -> type and where the bytes come from. The chart library is served from here: a page never calls out. */
const FILES: Readonly<Record<string, readonly [string, () => Buffer]>> = {
  '/': [HTML, ownFile('index.html')],
  '/page.css': [STYLE, ownFile('page.css')],
  ...Object.fromEntries(OWN_SCRIPTS.map((name) => [`/${name}.js`, [SCRIPT, ownFile(`${name}.js`)] as const])),
  '/uplot.js': [SCRIPT, chartFile('uPlot.esm.js')],
  '/uplot.css': [STYLE, chartFile('uPlot.min.css')],
};

const loaded = new Map<string, PageAsset>();

/** The file of the status page at `path`, or null. Read when first asked for. */
export function pageAsset(path: string): PageAsset | null {
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (file === undefined) return null;
  const [contentType, read] = file;
  const asset = { contentType, body: read() };
  loaded.set(path, asset);
  return asset;
}
