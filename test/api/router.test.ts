import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { TempFolder } from '../support/temp.ts';
import { ApiRouter } from './api-fixture.ts';

/** Reads server-sent events from `path` until `abort` is called. */
async function readEvents(api: ApiRouter, path: string) {
  const abort = new AbortController();
  const response = await fetch(`${api.url}${path}`, { signal: abort.signal });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const events: { type: string; data: Record<string, unknown> }[] = [];
  const reading = (async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const match = /^event: (.*)\ndata: (.*)$/.exec(block);
        if (match !== null) events.push({ type: match[1] ?? '', data: JSON.parse(match[2] ?? '') });
      }
    }
  })().catch(() => {});
  return { events, abort: () => abort.abort(), reading };
}

test('events: streamed as they happen, filtered by type', async () => {
  await using api = await ApiRouter.start();
  const all = await readEvents(api, '/events');
  const some = await readEvents(api, '/events?types=clientDisconnected');
  const client = await api.join({ clientName: 'Anna' });
  const { data } = await poll('clientConnected', () => all.events.find(({ type }) => type === 'clientConnected'));
  assert.deepEqual((data as { data: unknown }).data, { clientId: client.id, clientName: 'Anna' });
  client.connection.destroy();
  await poll('clientDisconnected', () => some.events.find(({ type }) => type === 'clientDisconnected'));
  assert.deepEqual([...new Set(some.events.map(({ type }) => type))], ['clientDisconnected']);
  all.abort();
  some.abort();
  await Promise.all([all.reading, some.reading]);
  await api.call('/status');
  const metrics = await poll('no stream', async () => {
    const text = await api.router.get('/metrics');
    return /rpc_router_api_event_streams 0\n/.test(text) ? text : null;
  });
  assert.match(metrics, /rpc_router_api_requests_total\{status="2xx"\} [1-9]/);
});

test('status and configuration: as the router shows them, without secrets', async () => {
  const folder = new TempFolder();
  const tokens = folder.write('tokens', 'alice: a-secret-of-alice-4711\n', 0o600);
  await using api = await ApiRouter.start(['--auth-tokens-file', tokens, '--max-groups', '7'], { folder });
  const { body: status } = await api.call('/status');
  assert.equal(status.instanceId, api.router.instanceId);
  const { body: config, text } = await api.call('/config');
  assert.deepEqual(config['max-groups'], { value: '7', isDefault: false });
  assert.deepEqual(config['max-pending-requests'], { value: '1000', isDefault: true });
  assert.doesNotMatch(text, /a-secret-of-alice/);
});

test('drain: shuts the router down gracefully', async () => {
  await using api = await ApiRouter.start();
  const client = await api.join();
  const { events } = await readEvents(api, '/events');
  const { status, body } = await api.call('/drain', { method: 'POST' });
  assert.deepEqual([status, body.state], [202, 'draining']);
  const end = await within(client.p2p.whenEnded, PATIENCE_MS, 'the end of the stream');
  assert.equal(end.message, 'Router is shutting down');
  client.connection.destroy();
  const exit = await within(api.router.exited, PATIENCE_MS, 'the exit');
  assert.deepEqual(exit, { code: 0, signal: null });
  assert.ok(events.some(({ type }) => type === 'healthWarning'));
});

test('OpenAPI: the document describes every operation that is served', async () => {
  await using api = await ApiRouter.start();
  const { body } = await api.call('/openapi.json');
  assert.equal(body.openapi, '3.1.0');
  const operations = Object.entries(body.paths as Record<string, Record<string, unknown>>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  );
  assert.deepEqual(operations.sort(), [
    'DELETE /clients/{id}',
    'GET /clients',
    'GET /clients/{id}',
    'GET /config',
    'GET /events',
    'GET /groups',
    'GET /openapi.json',
    'GET /status',
    'POST /drain',
    'POST /messages',
    'POST /requests',
  ]);
});
