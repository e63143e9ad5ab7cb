import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { MONITORING, PROMTOOL, SKIP_WITHOUT_PROMETHEUS } from './prometheus.ts';

const options = { skip: SKIP_WITHOUT_PROMETHEUS };
const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));

interface Alert {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

interface RuleTest {
  readonly name: string;
  readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
}

const readYaml = (path: string): unknown => parse(readFileSync(`${MONITORING}/prometheus/${path}`, 'utf8'));
const rules = readYaml('rules/alerts.yml') as { groups: { rules: Alert[] }[] };
const ALERTS = rules.groups.flatMap((group) => group.rules);

function promtool(...args: readonly string[]): string {
  return execFileSync(PROMTOOL ?? '', args, { cwd: `${MONITORING}/prometheus`, encoding: 'utf8', stdio: 'pipe' });
}

test('promtool: accepts the configuration and the rules', options, () => {
  assert.match(promtool('check', 'config', 'prometheus.yml'), /SUCCESS: 2 rule files found/);
  assert.match(promtool('check', 'rules', 'rules/alerts.yml'), new RegExp(`SUCCESS: ${ALERTS.length} rules found`));
});

test('promtool: the unit tests of the rules pass', options, () => {
  assert.match(promtool('test', 'rules', 'tests/alerts.yml'), /SUCCESS/);
});

test('each alert: has a unit test in which it fires and one in which it does not', () => {
  const { tests } = readYaml('tests/alerts.yml') as { tests: RuleTest[] };
  for (const { alert } of ALERTS) {
    const expects = (name: string): number | undefined => {
      const [first] = tests.find((group) => group.name === name)?.promql_expr_test ?? [];
      return first?.expr === `ALERTS{alertname="${alert}", alertstate="firing"}` ? first.exp_samples.length : undefined;
    };
    assert.equal(expects(`${alert} fires`), 1, alert);
    assert.equal(expects(`${alert} stays quiet`), 0, alert);
  }
});

test('each alert: states problem and remedy, and both languages explain it', () => {
  assert.ok(ALERTS.length > 15);
  const headings = (file: string): Set<string> => {
    return new Set(
      [...readFileSync(`${DOCS}/${file}`, 'utf8').matchAll(/^### (\w+)$/gm)].map(([, name]) => name ?? ''),
    );
  };
  const explained = [headings('troubleshooting.md'), headings('ru/troubleshooting.md')];
  for (const { alert, labels, annotations } of ALERTS) {
    assert.ok(['critical', 'warning'].includes(labels.severity), alert);
    assert.ok(annotations.summary.length > 20 && annotations.description.length > 60, alert);
    assert.equal(annotations.runbook_url, `docs/troubleshooting.md#${alert.toLowerCase()}`);
    for (const names of explained) assert.ok(names.has(alert), `${alert} has no section in troubleshooting.md`);
  }
});
