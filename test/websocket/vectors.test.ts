import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { type CborMap, decodeCborMap } from '../support/cbor.ts';
import { FrameReader } from '../support/framing.ts';
import { poll } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';
import { type Generation, parseMessage } from '../support/ws-envelope.ts';

interface Capture {
  readonly generation: Generation;
  readonly messages: readonly { readonly from: 'client' | 'server'; readonly hex: string }[];
}

const FIXTURE = fileURLToPath(new URL('../fixtures/websocket-vectors.json', import.meta.url));
const { captures } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as { captures: readonly Capture[] };
const ID = /client_[0-9a-f-]{36}/g;
const router = useRouter();

/** One captured connection: the messages of its client are sent, those of its server expected. */
class Replay {
  readonly ws: WebSocket;
  readonly capture: Capture;
  readonly received: Buffer[] = [];
  private readonly ids: Map<string, string>;
  private position = 0;
  private answered = 0;

  /** `ids`: maps the ids of the capture to those of this router, for all connections. */
  constructor(port: number, capture: Capture, ids: Map<string, string>) {
    this.capture = capture;
    this.ids = ids;
    this.ws = new WebSocket(`ws://127.0.0.1:${port}/`);
    this.ws.on('message', (bytes: Buffer) => this.received.push(bytes));
  }

  /** Replays up to the message at `end`. */
  async until(end: number): Promise<void> {
    for (; this.position < end; this.position++) {
      const { from, hex } = this.capture.messages[this.position] as Capture['messages'][number];
      if (from === 'client') this.ws.send(Buffer.from(this.translate(Buffer.from(hex, 'hex')), 'latin1'));
      else await this.expect(Buffer.from(hex, 'hex'));
    }
  }

  private async expect(captured: Buffer): Promise<void> {
    const name = `message ${this.position} of the ${this.capture.generation} generation`;
    const answer = await poll(name, () => this.received[this.answered], { everyMs: 2 });
    this.answered++;
    this.learnIds(captured, answer);
    if (hasVariableContent(captured)) assertSameKeys(this.capture.generation, answer, captured);
    else {
      assert.equal(answer.length, captured.length, name);
      const expected = Buffer.from(this.translate(captured), 'latin1');
      assert.deepEqual(
        withoutTimes(this.capture.generation, answer),
        withoutTimes(this.capture.generation, expected),
        name,
      );
    }
  }

  private learnIds(captured: Buffer, answer: Buffer): void {
    const [before] = captured.toString('latin1').match(ID) ?? [];
    const [now] = answer.toString('latin1').match(ID) ?? [];
    if (before !== undefined && now !== undefined && !this.ids.has(before)) this.ids.set(before, now);
  }

  private translate(bytes: Buffer): string {
    return bytes.toString('latin1').replace(ID, (id) => this.ids.get(id) ?? id);
  }
}

/** The message with its body decoded, since a router may order the keys differently. Metadata is unchanged. */
function withoutTimes(generation: Generation, bytes: Buffer): unknown {
  const { headers, body } = parseMessage(generation, bytes);
  if (headers !== null) return bytes.toString('latin1');
  const decoded = JSON.stringify(bodyOf(generation, bytes), (key, value) => (/timestamp/i.test(key) ? 'time' : value));
  return [bytes.toString('latin1', 0, bytes.length - body.length), JSON.parse(decoded)];
}

/** Lists and statistics depend on other clients of the router; errors of this router also carry a code. */
function hasVariableContent(captured: Buffer): boolean {
  return ['clients', 'activeClients', 'errorMessage'].some((key) => captured.includes(key));
}

function bodyOf(generation: Generation, bytes: Buffer): CborMap {
  const [body] = new FrameReader(2).push(parseMessage(generation, bytes).body);
  assert.ok(body);
  return decodeCborMap(body);
}

function assertSameKeys(generation: Generation, answer: Buffer, captured: Buffer): void {
  const { streamId, isEnd, path } = parseMessage(generation, captured);
  const got = parseMessage(generation, answer);
  assert.deepEqual([got.streamId, got.isEnd, got.path], [streamId, isEnd, path]);
  const { payload: _code, ...message } = bodyOf(generation, answer);
  const expected = bodyOf(generation, captured);
  assert.deepEqual(Object.keys(message), Object.keys(expected));
  assert.deepEqual([message.type, message.errorMessage], [expected.type, expected.errorMessage]);
}

for (const generation of ['flags', 'frame'] as const) {
  test(`${generation}: the captured messages get the captured responses`, async () => {
    const ids = new Map<string, string>();
    const [first, second] = captures
      .filter((capture) => capture.generation === generation)
      .map((capture) => new Replay(router.port, capture, ids)) as [Replay, Replay];
    await poll('both to be open', () => [first, second].every(({ ws }) => ws.readyState === WebSocket.OPEN));
    // registered first, as in the capture
    await first.until(5);
    const confirmed = second.capture.messages.findIndex(({ hex }) => Buffer.from(hex, 'hex').includes('connected'));
    await second.until(confirmed + 1);
    // up to the request, which the second client answers
    const requests = first.capture.messages.findIndex(({ hex }) => Buffer.from(hex, 'hex').includes('req_'));
    await first.until(requests + 1);
    await second.until(second.capture.messages.length);
    await first.until(first.capture.messages.length);
    const trailers = await poll('the end of the unknown method', () =>
      first.received
        .map((bytes) => parseMessage(generation, bytes).headers ?? {})
        .find((headers) => headers['grpc-status'] === '12'),
    );
    assert.match(trailers['grpc-message'] ?? '', /does not implement the method \/router\/nosuch/);
    first.ws.terminate();
    second.ws.terminate();
  });
}
