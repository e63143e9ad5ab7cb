import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { RestartProgress } from '../../src/telemetry/status.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll, within } from '../support/poll.ts';
import { PROGRAM } from '../support/program.ts';
import type { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { startWorkers, workerPids } from './worker-bed.ts';

const UNAVAILABLE = 14;
const OWN = [process.execPath, ...PROGRAM];

/** The lines of the response to a rolling restart with `program`. */
function restart(router: RouterProcess, program: readonly string[]): Promise<RestartProgress[]> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: router.socketPath, path: '/api/restart', method: 'POST', agent: false } as const;
    const call = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve(
          body
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line)),
        ),
      );
    });
    call.on('error', reject).end(JSON.stringify({ program }));
  });
}

/** Connects every 20 ms until stopped; resolves with the number of connections and of those that were refused. */
function probe(port: number): () => { made: number; refused: number } {
  const counts = { made: 0, refused: 0 };
  const timer = setInterval(() => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      counts.made++;
      socket.destroy();
    });
    socket.once('error', () => counts.refused++);
  }, 20);
  return () => {
    clearInterval(timer);
    return counts;
  };
}

/** A client that comes back whenever its stream ends. */
class ReturningClient {
  current: DartClient;
  returns = 0;
  /** gRPC statuses of the streams that have ended. */
  readonly statuses: unknown[] = [];
  private readonly port: number;
  private isClosed = false;

  private constructor(port: number, client: DartClient) {
    this.port = port;
    this.current = client;
    void this.follow();
  }

  static async join(port: number): Promise<ReturningClient> {
    return new ReturningClient(port, await DartClient.join(port));
  }

  close(): void {
    this.isClosed = true;
    this.current.connection.destroy();
  }

  private async follow(): Promise<void> {
    const { status } = await this.current.p2p.stream.whenEnded;
    if (this.isClosed) return;
    this.statuses.push(status);
    this.current.connection.destroy();
    this.current = await DartClient.join(this.port);
    this.returns++;
    await this.follow();
  }
}

test('rolling restart: the port accepts throughout, and clients that are told to leave come back', async () => {
  await using router = await startWorkers();
  const before = await workerPids(router);
  const clients = await Promise.all(Array.from({ length: 6 }, () => ReturningClient.join(router.port)));
  const stop = probe(router.port);
  const progress = await restart(router, OWN);
  assert.deepEqual(
    progress.map((line) => (line.kind === 'replaced' ? `${line.worker} of ${line.of}` : line.kind)),
    ['1 of 2', '2 of 2', 'done'],
  );
  const { made, refused } = stop();
  assert.equal(refused, 0);
  assert.ok(made > 10, `${made} probes`);
  const after = await workerPids(router);
  assert.deepEqual(
    after.filter((pid) => before.includes(pid)),
    [],
  );
  assert.equal(after.length, 2);
  await router.until('all clients to be back', ({ clients: { current } }) => current === clients.length);
  assert.ok(clients.every(({ returns }) => returns > 0));
  assert.ok(clients.flatMap(({ statuses }) => statuses).every((status) => status === UNAVAILABLE));
  const [first, second] = clients.map(({ current }) => current);
  assert.ok(first && second);
  assert.equal(await first.canReach(second.id), true);
  for (const client of clients) client.close();
});

test('a reload and a stop during a rolling restart: the new worker has the new configuration, and ends at once', async () => {
  using folder = new TempFolder();
  const config = folder.write('config.yaml', 'max-groups: 5\n');
  await using router = await startWorkers(['--config', config, '--shutdown-timeout', '60s', '--log-level', 'debug']);
  writeFileSync(config, 'max-groups: 3\n');
  const restarted = restart(router, OWN);
  await router.logged(/Rolling restart/);
  const [, reload] = await Promise.all([restarted, router.reload()]);
  assert.equal(reload.outcome, 'applied');
  await poll('all workers to have the new limit', async () => {
    const replies = await Promise.all(
      Array.from({ length: 8 }, async () => {
        using client = await DartClient.connect(router.port);
        return await client.tryRegister({ groups: ['a', 'b', 'c', 'd'] });
      }),
    );
    return replies.every(({ success }) => !success);
  });
  const from = router.log.length;
  const interrupted = restart(router, OWN);
  await router.logged(/Worker started/, { from });
  router.signal('SIGTERM');
  assert.deepEqual(await within(router.exited, 10_000, 'the stop'), { code: 0, signal: null });
  await interrupted.catch(() => {}); // the response may be cut off
});

test('a rolling restart with a program that does not fit, or does not start, leaves the workers alone', async () => {
  using folder = new TempFolder();
  await using router = await startWorkers();
  const before = await workerPids(router);
  const other = folder.write(
    'other.mjs',
    "process.send({ kind: 'hello', protocol: 999, version: '9.0.0' }); setInterval(() => {}, 1000);",
  );
  for (const [program, error, isIncompatible] of [
    [[process.execPath, other], /version 9\.0\.0 is incompatible/, true],
    [[process.execPath, folder.file('missing.mjs')], /it ended with code 1/, false],
    [[folder.file('missing')], /ENOENT/, false],
  ] as const) {
    const [outcome] = await restart(router, program);
    assert.equal(outcome?.kind, 'failed');
    assert.match(outcome.error, error);
    assert.equal(outcome.isIncompatible, isIncompatible);
    await poll('the failed process to end', async () => (await workerPids(router)).length === before.length);
    assert.deepEqual(await workerPids(router), before);
  }
  using client = await DartClient.join(router.port);
  await client.ping();
});
