import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { checkHistogram, type Family, parseExposition } from './exposition.ts';
import { fetchHttp } from './http.ts';

async function scrape(router: RouterProcess): Promise<ReadonlyMap<string, Family>> {
  const { status, headers, body } = await fetchHttp(router.metricsPort ?? 0, '/metrics');
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  return parseExposition(body);
}

function metricOf(families: ReadonlyMap<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const family = families.get(name) ?? families.get(name.replace(/_(count|sum|bucket)$/, ''));
  const sample = family?.samples.find((candidate) => {
    return candidate.name === name && Object.entries(labels).every(([key, value]) => candidate.labels[key] === value);
  });
  if (sample === undefined) throw new Error(`no ${name} ${JSON.stringify(labels)}`);
  return sample.value;
}

test('the exposition: valid, and its counters match the traffic', async (t) => {
  await using router = await RouterProcess.start(['--metrics', '--metrics-port', '0']);
  const fresh = await scrape(router);

  await t.test('names, help, units and types', () => {
    for (const { name, help, type, samples } of fresh.values()) {
      assert.match(name, /^(rpc_router|process)_[a-z0-9_]+$/);
      assert.ok(help.length > 5 && help.endsWith('.'), `${name}: ${help}`);
      assert.ok(['counter', 'gauge', 'histogram'].includes(type), type);
      const isTotal = name.endsWith('_total');
      assert.equal(type === 'counter', isTotal, `${name} is a ${type}`);
      for (const { value } of samples) assert.ok(Number.isFinite(value), name);
    }
  });

  await t.test('every series exists before any traffic, so that rates start at 0', () => {
    assert.equal(metricOf(fresh, 'rpc_router_messages_in_total', { type: 'unicast' }), 0);
    assert.equal(metricOf(fresh, 'rpc_router_messages_dropped_total', { reason: 'targetNotFound' }), 0);
    assert.equal(metricOf(fresh, 'rpc_router_clients_closed_total', { reason: 'slowReaderBytes' }), 0);
    assert.equal(metricOf(fresh, 'rpc_router_connections_refused_total', { reason: 'connectionLimit' }), 0);
  });

  using a = await DartClient.join(router.port, { groups: ['g', 'h'] });
  using b = await DartClient.join(router.port, { groups: ['g'] });
  using c = await DartClient.join(router.port, { groups: ['g'] });
  const events = c.events();
  await events.ofType('routerStats');
  for (let n = 0; n < 20; n++) a.unicast(b.id, { n });
  for (let n = 0; n < 20; n++) await b.p2p.ofType('unicast');
  a.send({ type: 'broadcast', payload: {} });
  a.send({ type: 'multicast', groupName: 'g', payload: {} });
  a.send({ type: 'multicast', groupName: 'nobody', payload: {} });
  a.unicast('client_nobody', {});
  a.send({ type: 'request', targetId: b.id, payload: { requestId: 'r' } });
  await b.p2p.ofType('request');
  b.send({ type: 'response', targetId: a.id, success: true, payload: { requestId: 'r' } });
  await a.p2p.ofType('response');
  a.send({ type: 'nonsense' });
  await a.next(({ type, errorMessage }) => type === 'error' && !/не найден/.test(String(errorMessage)));
  for (let n = 0; n < 3; n++) await a.ping(n);
  await a.unary('ping', { v: 'no number' });
  await c.p2p.ofType('multicast');

  const loaded = await poll('the calls to be counted', async () => {
    const families = await scrape(router);
    return metricOf(families, 'rpc_router_call_duration_seconds_count', { method: 'ping' }) === 4 ? families : null;
  });
  const expected: readonly (readonly [string, Record<string, string>, number])[] = [
    ['rpc_router_connections', {}, 3],
    ['rpc_router_connections_total', {}, 3],
    ['rpc_router_connections_max', {}, 1000],
    ['rpc_router_clients', {}, 3],
    ['rpc_router_groups', {}, 2],
    ['rpc_router_streams', {}, 4],
    ['rpc_router_event_subscribers', {}, 1],
    ['rpc_router_messages_in_total', { type: 'unicast' }, 21],
    ['rpc_router_messages_out_total', { type: 'unicast' }, 20],
    ['rpc_router_messages_in_total', { type: 'broadcast' }, 1],
    ['rpc_router_messages_out_total', { type: 'broadcast' }, 2],
    ['rpc_router_messages_in_total', { type: 'multicast' }, 2],
    ['rpc_router_messages_out_total', { type: 'multicast' }, 2],
    ['rpc_router_messages_in_total', { type: 'request' }, 1],
    ['rpc_router_messages_out_total', { type: 'response' }, 1],
    ['rpc_router_messages_in_total', { type: 'heartbeat' }, 3],
    ['rpc_router_messages_dropped_total', { reason: 'targetNotFound' }, 1],
    ['rpc_router_messages_dropped_total', { reason: 'noMembers' }, 1],
    ['rpc_router_messages_dropped_total', { reason: 'unknownType' }, 1],
    ['rpc_router_calls_total', { method: 'register', code: 'OK' }, 3],
    ['rpc_router_calls_total', { method: 'ping', code: 'OK' }, 3],
    ['rpc_router_calls_total', { method: 'ping', code: 'INVALID_ARGUMENT' }, 1],
    ['rpc_router_call_duration_seconds_count', { method: 'register' }, 3],
    ['rpc_router_events_out_total', {}, 1],
    ['rpc_router_ready', {}, 1],
    ['rpc_router_slow_readers_total', {}, 0],
    ['rpc_router_send_queue_bytes', {}, 0],
    ['rpc_router_build_info', { node: process.version }, 1],
  ];
  for (const [name, labels, value] of expected) {
    await t.test(`${name} ${JSON.stringify(labels)} is ${value}`, () => {
      assert.equal(metricOf(loaded, name, labels), value);
    });
  }

  await t.test('bytes are those of the bodies', () => {
    const bytesIn = metricOf(loaded, 'rpc_router_bytes_in_total', { type: 'unicast' });
    const bytesOut = metricOf(loaded, 'rpc_router_bytes_out_total', { type: 'unicast' });
    assert.ok(bytesOut > 20 * 100 && bytesIn > bytesOut, `${bytesIn} ${bytesOut}`);
  });

  await t.test('histograms are consistent', () => {
    const histograms = [...loaded.values()].filter(({ type }) => type === 'histogram');
    assert.equal(histograms.length, 3);
    for (const histogram of histograms) checkHistogram(histogram);
    assert.ok(metricOf(loaded, 'rpc_router_routing_latency_seconds_count') >= 25);
  });

  await t.test('the process: memory, time, start', () => {
    assert.ok(metricOf(loaded, 'process_resident_memory_bytes') > 2e7);
    assert.ok(metricOf(loaded, 'process_cpu_seconds_total') > 0.05);
    assert.ok(Math.abs(metricOf(loaded, 'process_start_time_seconds') - Date.now() / 1000) < 120);
  });

  await t.test('no label holds a client, a group or an address', async () => {
    const { body } = await fetchHttp(router.metricsPort ?? 0, '/metrics');
    assert.doesNotMatch(body, /client_[0-9a-f]{8}|127\.0\.0\.1|"[gh]"/);
  });
});

test('counters: never decrease', async () => {
  await using router = await RouterProcess.start(['--metrics', '--metrics-port', '0']);
  let before = await scrape(router);
  for (let round = 0; round < 3; round++) {
    const client = await DartClient.join(router.port);
    client.send({ type: 'broadcast', payload: {} });
    await client.close();
    await router.until('it to be gone', ({ clients }) => clients.current === 0);
    const now = await scrape(router);
    for (const { name, type, samples } of before.values()) {
      if (type === 'gauge') continue;
      for (const sample of samples) {
        assert.ok(metricOf(now, sample.name, { ...sample.labels }) >= sample.value, `${name} shrank`);
      }
    }
    before = now;
  }
  assert.equal(metricOf(before, 'rpc_router_clients_closed_total', { reason: 'connectionLost' }), 3);
});
