import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

/** The key=value pairs of the line that begins with `subject`. */
function fieldsOf(log: string, subject: string): Record<string, string> {
  const line = log.split('\n').find((candidate) => candidate.includes(`[INFO] ${subject} `)) ?? '';
  return Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]));
}

test('SIGUSR1: logs statistics that match the traffic', async () => {
  const { process } = router;
  const a = await router.join({ clientName: 'a', groups: ['g'] });
  const b = await router.join({ groups: ['g'] });
  for (let n = 0; n < 7; n++) a.unicast(b.id, { n });
  for (let n = 0; n < 7; n++) await b.p2p.ofType('unicast');
  a.send({ type: 'broadcast', payload: {} });
  await b.p2p.ofType('broadcast');
  a.unicast('client_nobody', {});
  await a.p2p.ofType('error');

  const from = process.log.length;
  process.signal('SIGUSR1');
  await process.logged(/Statistics: process .*\n/, { from });
  const log = process.log.slice(from);
  const clients = fieldsOf(log, 'Statistics: clients');
  assert.match(clients.uptime ?? '', /^\d\d:\d\d:\d\d$/);
  assert.deepEqual(
    [clients.connections, clients.connectionsTotal, clients.connectionsMax, clients.clients, clients.clientsTotal],
    ['2', '2', '1000', '2', '2'],
  );
  assert.deepEqual([clients.online, clients.idle], ['2', '0']);
  const messages = fieldsOf(log, 'Statistics: messages');
  assert.deepEqual([messages.inUnicast, messages.inBroadcast, messages.inHeartbeat], ['8', '1', '2']);
  for (const key of ['inPerSecond', 'outPerSecond', 'bytesIn', 'bytesOut', 'latencyP50Ms', 'latencyP99Ms']) {
    assert.ok(Number(messages[key]) >= 0, key);
  }
  const errors = fieldsOf(log, 'Statistics: errors');
  assert.deepEqual([errors.targetNotFound, errors.slowReaders, errors.authFailures], ['1', '0', '0']);
  const own = fieldsOf(log, 'Statistics: process');
  assert.ok(Number(own.memoryMB) > 20 && Number(own.memoryMB) < 1000);
  assert.ok(Number(own.eventLoopMaxMs) >= 0 && Number(own.cpuPercent) >= 0);
});

test('SIGUSR2: turns debug logging of calls and messages on and off', async () => {
  const { process } = router;
  const client = await router.join();
  const logged = async (): Promise<string> => {
    const from = process.log.length;
    assert.equal(await client.canReach(client.id), true);
    await client.ping(1);
    return process.log.slice(from);
  };
  assert.doesNotMatch(await logged(), /DEBUG/);
  process.signal('SIGUSR2');
  await process.logged(/\[INFO\] Debug mode on\n/);
  await logged();
  await process.logged(/\[DEBUG\] Message type=unicast from=client_\S+ bytes=\d+\n/);
  await process.logged(/\[DEBUG\] Call method=ping remote=127\.0\.0\.1:\d+\n/);
  process.signal('SIGUSR2');
  await process.logged(/\[INFO\] Debug mode off\n/);
  assert.equal(await logged(), '');
});

test('a reload of another level: does not end the debug mode', async () => {
  const { process } = router;
  process.signal('SIGUSR2');
  await poll('debug to be on', () => process.log.match(/Debug mode on/g)?.length === 2);
  await process.reload();
  const client = await router.join();
  const from = process.log.length;
  await client.ping(2);
  await process.logged(/\[DEBUG\] Call method=ping/, { from });
  process.signal('SIGUSR2');
});
