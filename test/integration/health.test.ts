import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, type ClientReadableStream, credentials, type ServiceError, status as Status } from '@grpc/grpc-js';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** grpc.health.v1 without generated code: one string in, one enum out. */
const writeRequest = (service: string): Buffer => {
  return service === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);
};
const readResponse = (bytes: Buffer): number => (bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0);

function check(client: Client, service: string): Promise<{ serving: number | undefined; error: ServiceError | null }> {
  return new Promise((resolve) => {
    const path = '/grpc.health.v1.Health/Check';
    client.makeUnaryRequest(path, writeRequest, readResponse, service, (error, serving) => resolve({ serving, error }));
  });
}

/** Watches a service; `states` fills up, `ended` resolves with the status. */
class Watch {
  readonly states: number[] = [];
  readonly ended: Promise<number>;
  private readonly stream: ClientReadableStream<number>;

  constructor(client: Client, service: string) {
    const path = '/grpc.health.v1.Health/Watch';
    this.stream = client.makeServerStreamRequest(path, writeRequest, readResponse, service);
    this.stream.on('data', (state: number) => this.states.push(state)).on('error', () => {});
    this.ended = new Promise((resolve) => this.stream.once('status', ({ code }) => resolve(code)));
  }

  async until(state: number): Promise<void> {
    await poll(`state ${state}`, () => this.states.at(-1) === state);
  }
}

const connect = (port: number): Client => new Client(`127.0.0.1:${port}`, credentials.createInsecure());

test('Check and Watch: SERVING, and NOT_SERVING while the router drains', async () => {
  await using router = await RouterProcess.start();
  const client = connect(router.port);
  try {
    for (const service of ['', 'router'])
      assert.deepEqual(await check(client, service), { serving: SERVING, error: null });
    assert.equal((await check(client, 'nothing')).error?.code, Status.NOT_FOUND);
    const watches = ['', 'router'].map((service) => new Watch(client, service));
    const unknown = new Watch(client, 'nothing');
    await unknown.until(SERVICE_UNKNOWN);
    for (const watch of watches) await watch.until(SERVING);
    router.signal('SIGTERM');
    for (const watch of watches) await watch.until(NOT_SERVING);
    for (const watch of watches) assert.notEqual(await within(watch.ended, PATIENCE_MS, 'the end'), Status.OK);
    assert.deepEqual(watches[0]?.states, [SERVING, NOT_SERVING]);
    assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
  } finally {
    client.close();
  }
});

test('health: needs no token', async () => {
  using folder = new TempFolder();
  await using router = await RouterProcess.start([
    '--auth-tokens-file',
    folder.write('tokens', 'someone: a-long-token-of-30-characters\n'),
  ]);
  const client = connect(router.port);
  try {
    assert.deepEqual(await check(client, ''), { serving: SERVING, error: null });
    assert.equal((await router.status()).authFailures, 0);
  } finally {
    client.close();
  }
});
