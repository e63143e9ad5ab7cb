import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { OPTIONS } from '../../src/config/index.ts';
import { CHECKS } from '../../src/doctor/index.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { MONITORING } from './prometheus.ts';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const PAGES = ['monitoring.md', 'troubleshooting.md'];
const ALL_PAGES = PAGES.flatMap((page) => [page, `ru/${page}`]);
const readPage = (page: string): string => readFileSync(`${DOCS}/${page}`, 'utf8');

/** The text below a heading, up to the next heading of the same or a higher level. */
function section(page: string, heading: string): string {
  const text = readPage(page);
  const at = text.search(new RegExp(`^#+ ${heading}$`, 'm'));
  assert.ok(at >= 0, `${page} has no "${heading}"`);
  const level = /^#+/.exec(text.slice(at))?.[0] ?? '';
  const rest = text.slice(at + level.length);
  const end = rest.search(new RegExp(`^#{1,${level.length}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Names in backquotes in the first column of the tables. */
function firstColumn(text: string): string[] {
  const cells = [...text.matchAll(/^\s*\| (`[^|]*) \|/gm)].map(([, cell]) => cell ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''));
}

/** Options of certbot and journalctl. */
const OTHERS = new Set(['deploy-hook', 'since']);

/** Anchors of headings as GitHub generates them. */
function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading ?? '');
  const slug = (heading: string) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
  return new Set(headings.map((heading) => slug(heading).trim().replace(/\s/g, '-')));
}

for (const page of ALL_PAGES) {
  test(`${page}: links and anchors exist`, () => {
    const text = readPage(page);
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link ?? '');
    assert.ok(links.length > 2);
    for (const link of links.filter((target) => !target.startsWith('http'))) {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? `${DOCS}/${page}` : join(DOCS, dirname(page), file);
      assert.ok(existsSync(target), link);
      if (anchor !== undefined) assert.ok(anchors(readFileSync(target, 'utf8')).has(anchor), link);
    }
  });

  test(`${page}: every mentioned option exists`, () => {
    const known = new Set<string>(
      OPTIONS.flatMap((option) => [option.key, ...('alias' in option ? option.alias : [])]),
    );
    const ours = [...readPage(page).matchAll(/(?:rpc-dart-router |`)((?:--[a-z-]+)[^`\n|#]*)/g)].map(
      ([, args]) => args,
    );
    const named = ours.flatMap((args) => [...(args ?? '').matchAll(/--([a-z][a-z-]+)/g)].map(([, key]) => key ?? ''));
    assert.ok(named.length > 15, named.join());
    assert.deepEqual(
      [...new Set(named)].filter((key) => !known.has(key) && !known.has(key.replace(/^no-/, '')) && !OTHERS.has(key)),
      [],
    );
  });
}

for (const page of PAGES) {
  test(`${page}: both languages have the same sections, commands and names`, () => {
    const [english, russian] = [readPage(page), readPage(`ru/${page}`)];
    const levels = (text: string) => [...text.matchAll(/^(#+) /gm)].map(([, level]) => level);
    const code = (text: string) => {
      const blocks = [...text.matchAll(/```(?:bash|json|text)\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
      return blocks.map((block) => block.replace(/\s+# .*$/gm, '').trim());
    };
    assert.deepEqual(levels(russian), levels(english));
    assert.deepEqual(code(russian), code(english));
    assert.deepEqual(firstColumn(russian), firstColumn(english));
  });
}

test('/api/status: has exactly the documented keys', async () => {
  const documented = firstColumn(section('monitoring.md', '`/api/status`')).sort();
  await using router = await RouterProcess.start();
  const status = await poll('a whole second', async () => {
    const current = await router.status();
    return current.lastSecond === null ? null : current;
  });
  const maps = new Set([
    'refused',
    'byStatus',
    'inByType',
    'outByType',
    'inPerSecondByType',
    'dropped',
    'capabilities',
  ]);
  const keys = Object.entries(status).flatMap(([key, value]) => {
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value) && !maps.has(key);
    return isGroup ? Object.keys(value).map((inner) => `${key}.${inner}`) : [key];
  });
  assert.deepEqual(keys.sort(), documented);
  const history = JSON.parse(await router.get('/api/status/history')) as { series: Record<string, number[]> };
  assert.deepEqual(Object.keys(history.series), Object.keys(status.lastSecond ?? {}));
});

test('the documented log fields, alerts, recorded series and checks: match the real ones', () => {
  const schema = JSON.parse(readFileSync(`${MONITORING}/logs/log-schema.json`, 'utf8'));
  assert.deepEqual(firstColumn(section('monitoring.md', 'Logs')), Object.keys(schema.properties));
  const rules = (file: string): { alert?: string; record?: string }[] => {
    const groups = parse(readFileSync(`${MONITORING}/prometheus/rules/${file}`, 'utf8')).groups as { rules: [] }[];
    return groups.flatMap((group) => group.rules);
  };
  const alerts = rules('alerts.yml').map(({ alert }) => alert);
  assert.deepEqual(firstColumn(section('monitoring.md', 'Alerts')).sort(), alerts.sort());
  const series = new Set(rules('recording.yml').map(({ record }) => record));
  const documented = firstColumn(section('monitoring.md', 'Prometheus')).filter((name) => name.startsWith('instance'));
  assert.ok(documented.length > 8);
  for (const name of documented) assert.ok(series.has(name), name);
  assert.deepEqual(
    firstColumn(section('monitoring.md', 'Doctor')),
    CHECKS.map(({ name }) => name),
  );
});
