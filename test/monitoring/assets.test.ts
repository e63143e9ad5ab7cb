import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchHttp } from '../lifecycle/http.ts';
import { RouterProcess } from '../support/router-process.ts';

const TYPES: Readonly<Record<string, RegExp>> = { html: /^text\/html/, css: /^text\/css/, js: /^text\/javascript/ };

/** The paths that a file of the page makes the browser load. */
function wanted(body: string): string[] {
  const links = [...body.matchAll(/(?:src|href)="([^"]+)"|from '\.\/([^']+)'/g)].map(
    ([, link, script]) => link ?? script,
  );
  return links.filter((link): link is string => /\.(js|css)$/.test(link ?? ''));
}

test('the status page: every referenced file is served with its type and the security headers', async () => {
  await using router = await RouterProcess.start(['--metrics', '--metrics-port', '0']);
  const port = router.metricsPort ?? 0;
  const seen = new Set<string>();
  const waiting = [''];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, headers, body } = await fetchHttp(port, `/${path}`);
    assert.equal(status, 200, path);
    assert.match(headers['content-type'] ?? '', TYPES[path.split('.').at(-1) || 'html'] ?? /never/, path);
    assert.match(String(headers['content-security-policy']), /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    if (!path.startsWith('uplot'))
      assert.doesNotMatch(body, /(?:src|href)="https?:|@import|url\(http|fetch\('http|innerHTML/);
    waiting.push(...wanted(body));
  }
  assert.ok(seen.has('uplot.js') && seen.has('charts.js') && seen.has('page.css'), [...seen].join());
  assert.ok(seen.size >= 12, [...seen].join());
  for (const path of ['/page/index.html', '/..%2fstatus.ts', '/constructor']) {
    assert.equal((await fetchHttp(port, path)).status, 404, path);
  }
});
