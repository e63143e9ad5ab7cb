import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { encodeCbor } from '../support/cbor.ts';
import { frameBody } from '../support/framing.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

/** The status of a `ping` by node:http2, whose decoder requires an announcement of a smaller table (RFC 7541, section 4.2). */
function pingStatus(headerTableSize: number, path: string): Promise<string | undefined> {
  const session = connect(`http://127.0.0.1:${router.port}`, { settings: { headerTableSize } });
  return new Promise<string | undefined>((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: string | undefined;
    stream.on('response', (headers) => {
      status = headers['grpc-status'] as string | undefined;
    });
    stream.on('trailers', (headers) => {
      status = headers['grpc-status'] as string | undefined;
    });
    stream.on('error', reject);
    stream.on('close', () => resolve(status));
    stream.resume().end(frameBody(encodeCbor({ v: 1 }), 1));
  }).finally(() => session.destroy());
}

for (const size of [0, 1, 1024, 4096, 65_536]) {
  test(`header table of ${size} bytes: the client decodes every response`, async () => {
    assert.equal(await pingStatus(size, '/router/ping'), '0');
    assert.equal(await pingStatus(size, '/router/nothing'), '12');
  });
}
