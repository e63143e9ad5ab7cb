import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../support/cbor.ts';
import { prefix } from '../support/framing.ts';
import type { HeaderField } from '../support/hpack.ts';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { RawConnection } from '../support/raw-connection.ts';
import type { RawStream } from '../support/raw-stream.ts';
import { useRouter } from '../support/using-router.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

/** Requests by their headers: gRPC requests are served, others get an HTTP status. */

const router = useRouter();
const skip = IS_GRPC_JS && 'grpc-js decides on headers by itself';

/** The end of a `ping` with these headers, and its stream. */
async function ping(contentType: string, more: readonly HeaderField[] = []): Promise<RawStream> {
  using connection = await RawConnection.open({ port: router.port });
  const stream = connection.request([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/router/ping'],
    ['content-type', contentType],
    ...more,
  ]);
  stream.send(prefix(encodeCbor({ v: 1 })), true);
  await within(stream.whenEnded, PATIENCE_MS, 'an answer');
  return stream;
}

for (const contentType of ['application/grpc', 'application/grpc+proto', 'application/grpc;charset=utf-8']) {
  test(`content-type ${contentType}: served`, { skip }, async () => {
    assert.equal((await ping(contentType)).trailers?.['grpc-status'], '0');
  });
}

for (const contentType of ['application/grpc-web', 'application/grpc-web-text+proto', 'application/json']) {
  test(`content-type ${contentType}: status 415`, { skip }, async () => {
    const { trailers } = await ping(contentType);
    assert.deepEqual([trailers?.[':status'], trailers?.['grpc-status']], ['415', undefined]);
  });
}

test('a malformed grpc-timeout: INVALID_ARGUMENT with a message', { skip }, async () => {
  for (const timeout of ['5s', '1', '-1S', '123456789m']) {
    const { trailers } = await ping('application/grpc', [['grpc-timeout', timeout]]);
    assert.equal(trailers?.['grpc-status'], '3', timeout);
    assert.ok(trailers['grpc-message']?.startsWith(`Malformed grpc-timeout: ${timeout}, `), trailers['grpc-message']);
  }
});

test('grpc-timeout: applied; a value beyond the timer range means none', { skip }, async () => {
  for (const timeout of ['1M', '99999999H']) {
    const { trailers } = await ping('application/grpc', [['grpc-timeout', timeout]]);
    assert.equal(trailers?.['grpc-status'], '0', timeout);
  }
});
