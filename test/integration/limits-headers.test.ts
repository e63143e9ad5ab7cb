import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { encodeHeaders } from '../support/hpack.ts';
import { encodeFrame, Flag, FrameType, PREFACE, Setting, settingsFrame } from '../support/http2-frames.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RawConnection } from '../support/raw-connection.ts';
import type { RawStream } from '../support/raw-stream.ts';
import { RouterProcess } from '../support/router-process.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const KIB = 1024;
const RESOURCE_EXHAUSTED = 8;
const skip = IS_GRPC_JS && 'grpc-js reads headers by itself';

/** A call of `ping` with so much metadata: its first half with the request, the rest as its continuation. */
function openLarge(client: DartClient, metadataBytes: number): RawStream {
  const fields = Array.from({ length: 4 }, (_, n) => [`x-${n}`, 'v'.repeat(metadataBytes / 4)] as const);
  const [first, second] = [fields.slice(0, 1), fields.slice(1)];
  const { connection } = client;
  return connection.open((streamId) => {
    connection.frame(
      FrameType.headers,
      0,
      streamId,
      encodeHeaders([...client.requestHeaders('/router/ping'), ...first]),
    );
    for (const [n, field] of second.entries()) {
      const flags = n === second.length - 1 ? Flag.endHeaders : 0;
      connection.frame(FrameType.continuation, flags, streamId, encodeHeaders([field]));
    }
  });
}

test('40 KB of metadata on one call: end only that call', { skip }, async () => {
  await using router = await RouterProcess.start();
  using client = await DartClient.join(router.port);
  const end = await within(openLarge(client, 40_000).whenEnded, PATIENCE_MS, 'the end of the call');
  assert.equal(end.status, RESOURCE_EXHAUSTED);
  assert.match(end.message, /^Headers too large: at most 16384 bytes \(max-header-bytes\)/);
  assert.equal(await client.canReach(client.id), true);
});

test('--max-header-bytes: announced in SETTINGS; headers within the limit are served', { skip }, async () => {
  await using router = await RouterProcess.start(['--max-header-bytes', '64KiB']);
  using client = await DartClient.join(router.port);
  const [settings] = client.connection.frames.filter(({ type }) => type === FrameType.settings);
  const list = Buffer.from([0, Setting.maxHeaderListSize, 0, 1, 0, 0]);
  assert.ok(settings?.payload.includes(list), settings?.payload.toString('hex'));
  const stream = openLarge(client, 40_000);
  stream.send(Buffer.from('0000000004a1617601', 'hex'), true);
  assert.equal((await within(stream.whenEnded, PATIENCE_MS, 'the answer')).status, 0);
});

test('endless header blocks: count in --max-buffer-bytes, released at the end', { skip }, async () => {
  await using router = await RouterProcess.start(['--max-buffer-bytes', '1MiB']);
  using client = await DartClient.join(router.port);
  const block = encodeHeaders([['x', 'v'.repeat(12 * KIB)]]);
  // silent, because in the middle of a header block nothing else may be sent
  const attackers = await Promise.all(
    Array.from({ length: 200 }, () => RawConnection.open({ port: router.port, silent: true, answerPings: false })),
  );
  const bytes = Buffer.concat([PREFACE, settingsFrame({}), encodeFrame(FrameType.headers, 0, 1, block)]);
  for (const attacker of attackers) attacker.write(bytes);
  await poll('some to be refused', () => attackers.filter(({ closed }) => closed).length > 50);
  const { queues } = await router.until('most of the budget to be used', (status) => status.queues.bytes > 512 * KIB);
  assert.ok(queues.bytes <= 1024 * KIB, `${queues.bytes}`);
  assert.equal(await client.canReach(client.id), true);
  for (const attacker of attackers) attacker.destroy();
  await router.until('all of it to be given back', (status) => status.queues.bytes === 0);
});
