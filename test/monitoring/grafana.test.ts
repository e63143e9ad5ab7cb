import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { NatsServer, WITHOUT_NATS } from '../support/nats-server.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { Load } from './load.ts';
import { MONITORING, PrometheusProcess, SKIP_WITHOUT_PROMETHEUS } from './prometheus.ts';

const PATIENT = { limitMs: 30_000, everyMs: 250 };

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const FOLDER = `${MONITORING}/grafana`;
const dashboard = JSON.parse(readFileSync(`${FOLDER}/dashboards/rpc-dart-router.json`, 'utf8')) as Dashboard;

/** The variables as Grafana sets them with everything selected. */
function filledIn(expression: string): string {
  const values: Record<string, string> = { $job: '.+', $instance: '.+', $__rate_interval: '10s' };
  return expression.replace(/\$\w+/g, (name) => values[name] ?? assert.fail(`${name} in ${expression}`));
}

/** Title and expression of each query, by the row of its panel. */
function queriesByRow(): Map<string, [title: string, expression: string][]> {
  const rows = new Map<string, [string, string][]>();
  let current: [string, string][] = [];
  for (const { type, title, targets } of dashboard.panels) {
    if (type === 'row') {
      current = [];
      rows.set(title, current);
    }
    for (const { expr } of targets ?? []) current.push([title, expr]);
  }
  return rows;
}

async function untilAllHaveData(prometheus: PrometheusProcess, queries: [string, string][]): Promise<void> {
  for (const [title, expression] of queries) {
    await poll(`data for ${title}: ${expression}`, () => hasData(prometheus, expression), PATIENT);
  }
}

async function hasData(prometheus: PrometheusProcess, expression: string): Promise<boolean> {
  const series = await prometheus.query(filledIn(expression));
  return series.some(({ value }) => Number.isFinite(Number(value[1])));
}

test('the dashboard: one id, variables for job and instance, no overlapping panels', () => {
  const provider = parse(readFileSync(`${FOLDER}/provisioning/dashboards/rpc-dart-router.yml`, 'utf8'));
  assert.equal(provider.providers[0].type, 'file');
  assert.equal(dashboard.uid, 'rpc-dart-router');
  assert.deepEqual(
    dashboard.templating.list.map(({ name }) => name),
    ['datasource', 'job', 'instance'],
  );
  const taken = new Set<string>();
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x}/${y}`), `${title} overlaps`);
        taken.add(`${x}/${y}`);
      }
    }
  }
});

test('the dashboard: every query returns data of a router under load', { skip: SKIP_WITHOUT_PROMETHEUS }, async () => {
  const folder = new TempFolder();
  await using router = await RouterProcess.start(['--metrics', '--metrics-port', '0'], { folder });
  const port = router.metricsPort;
  using load = await Load.start(router.port);
  await using prometheus = await PrometheusProcess.start(port);
  const queries = [...queriesByRow()].flatMap(([row, ofRow]) => (row === 'Cluster' ? [] : ofRow));
  assert.ok(queries.length > 40, `${queries.length} queries`);
  await untilAllHaveData(prometheus, queries);
  for (const { name, definition } of dashboard.templating.list) {
    if (definition === undefined) continue;
    const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? assert.fail(definition);
    const values = (await prometheus.query(filledIn(selector))).map(({ metric }) => metric[label]);
    assert.deepEqual(values, [name === 'job' ? 'rpc-dart-router' : `127.0.0.1:${port}`]);
  }
  assert.deepEqual(await prometheus.firing(), []);
  load[Symbol.dispose]();
  await router.stop();
  // the remaining queries need a restart: the annotation in the charts, and its alert
  await using again = await RouterProcess.start(['--metrics', '--metrics-port', String(port)], { folder });
  for (const { expr } of dashboard.annotations.list) {
    await poll(`the mark ${expr}`, () => hasData(prometheus, expr), PATIENT);
  }
  await poll('the alert', async () => (await prometheus.firing()).includes('RpcRouterRestarted'), PATIENT);
  await again.stop();
  folder.remove();
});

test('the dashboard: every query about the cluster returns data; an outage of NATS triggers the alert', {
  skip: SKIP_WITHOUT_PROMETHEUS || WITHOUT_NATS,
}, async () => {
  await using nats = await NatsServer.start();
  const start = (label: string) =>
    RouterProcess.start(['--metrics', '--metrics-port', '0', '--cluster', nats.url, '--cluster-node', label]);
  await using a = await start('a');
  await using _b = await start('b');
  await using prometheus = await PrometheusProcess.start(a.metricsPort);
  const queries = queriesByRow().get('Cluster') ?? [];
  assert.equal(queries.length, 9);
  await untilAllHaveData(prometheus, queries);
  assert.deepEqual(await prometheus.firing(), []);
  await nats.kill();
  const isPending = async (): Promise<boolean> =>
    (await prometheus.query('ALERTS{alertname="RpcRouterClusterDisconnected"}')).length > 0;
  await poll('the alert to be pending', isPending, PATIENT);
});
