import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { StatusStream } from './status-stream.ts';

let server: Server;
let stream: StatusStream;
before(async () => {
  stream = new StatusStream();
  server = createServer((_, response) => stream.add(response, () => ({ first: true })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  stream.close();
  server.closeAllConnections();
  server.close();
});

interface Viewer {
  readonly socket: Socket;
  text: string;
  closed: boolean;
}

/** Opens a stream and reads its first event. */
async function watch(method = 'GET'): Promise<Viewer> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const viewer: Viewer = { socket, text: '', closed: false };
  socket.setEncoding('utf8').on('data', (text: string) => {
    viewer.text += text;
  });
  socket
    .on('error', () => {})
    .on('close', () => {
      viewer.closed = true;
    });
  socket.write(`${method} / HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await poll('the first event', () => viewer.text.includes(method === 'GET' ? '"first":true' : '\r\n\r\n'));
  return viewer;
}

test('no viewers: the status is not collected', () => {
  stream.publish(() => assert.fail('asked'));
});

test('several viewers: receive the same document, encoded once', async () => {
  const viewers = [await watch(), await watch()];
  let asked = 0;
  stream.publish(() => ({ asked: ++asked }));
  for (const viewer of viewers) await poll('it', () => viewer.text.includes('data: {"asked":1}\n\n'));
  assert.equal(asked, 1);
  for (const { socket } of viewers) socket.destroy();
});

test('a viewer that stops reading: disconnected, others continue', async () => {
  const slow = await watch();
  const other = await watch();
  slow.socket.pause();
  const filler = 'x'.repeat(200_000);
  let round = 0;
  await poll(
    'the slow viewer to be let go',
    async () => {
      stream.publish(() => ({ round: ++round, filler }));
      await poll('the other to have it', () => other.text.includes(`"round":${round}`));
      other.text = '';
      // bytes buffered by the kernel come first, then EOF
      return (await count()) === 1;
    },
    { limitMs: 20_000 },
  );
  assert.ok(round < 200, `${round} rounds of 200 kB`);
  slow.socket.destroy();
  other.socket.destroy();
});

function count(): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, connections) => resolve(connections)));
}

test('HEAD: no stream', async () => {
  const viewer = await watch('HEAD');
  assert.match(viewer.text, /text\/event-stream/);
  stream.publish(() => assert.fail('it is no viewer'));
  viewer.socket.destroy();
});

test('close: ends all viewers', async () => {
  const viewer = await watch();
  stream.close();
  await poll('the end', () => viewer.closed);
});
