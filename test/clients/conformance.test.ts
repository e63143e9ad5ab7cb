import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { RouterError } from '../../clients/typescript/src/errors.ts';
import { Outbox } from '../../clients/typescript/src/outbox.ts';
import { Session } from '../../clients/typescript/src/session.ts';
import { Double, decodeMap, encodeMap, type Payload, type Value } from '../../clients/typescript/src/values.ts';
import { openWebSocket, type WebSocketLike } from '../../clients/typescript/src/websocket-transport.ts';

/** The list of cases that the Dart client passes, too; the file explains its notation. */
const CASES = JSON.parse(
  readFileSync(new URL('../fixtures/client-conformance.json', import.meta.url), 'utf8'),
) as Conformance;

type Notation = null | boolean | string | { int?: string; float?: string; bytes?: string } | NotedList | NotedMap;
interface NotedList {
  readonly list: readonly Notation[];
}
interface NotedMap {
  readonly map: readonly (readonly [string, Notation])[];
}
interface ValueCase {
  readonly name: string;
  readonly value: Notation;
  readonly cbor: string;
  readonly decodeOnly?: boolean;
}
interface Envelope {
  readonly name: string;
  readonly kind: 'call' | 'data' | 'metadata';
  readonly streamId: number;
  readonly endsStream?: boolean;
  readonly decodeOnly?: boolean;
  readonly path?: string;
  readonly bodies?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly hex: string;
}
interface Answer {
  readonly token: string;
  readonly resumed: boolean;
  readonly received: number;
  readonly windowMs: number;
  readonly lost: number;
}
interface Step {
  readonly expectRequest?: Payload;
  readonly answer?: Answer | null;
  readonly connect?: true;
  readonly disconnect?: true;
  readonly send?: readonly number[];
  readonly receive?: number;
  readonly acknowledge?: number;
  readonly expectWritten?: readonly number[];
  readonly expectDone?: readonly number[];
  readonly expectFailed?: Readonly<Record<string, readonly number[]>>;
  readonly expectLost?: number;
  readonly expectError?: string;
}
interface Conformance {
  readonly values: readonly ValueCase[];
  readonly messages: readonly ValueCase[];
  readonly refused: readonly { readonly name: string; readonly value: Notation }[];
  readonly malformed: readonly { readonly name: string; readonly cbor: string }[];
  readonly envelopes: readonly Envelope[];
  readonly malformedEnvelopes: readonly { readonly name: string; readonly hex: string }[];
  readonly sessions: readonly { readonly name: string; readonly steps: readonly Step[] }[];
}

const fromHex = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** The value to send, in the types of this client. */
function fromNotation(noted: Notation): Value {
  if (typeof noted !== 'object' || noted === null) return noted;
  if ('list' in noted) return noted.list.map(fromNotation);
  if ('map' in noted) return Object.fromEntries(noted.map.map(([key, value]) => [key, fromNotation(value)]));
  if ('bytes' in noted) return new Uint8Array(fromHex(noted.bytes ?? ''));
  if ('float' in noted) return new Double(Number(noted.float));
  const integer = BigInt((noted as { int: string }).int);
  return BigInt(Number(integer)) === integer && Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

/** What is received for `value`: doubles are plain numbers. */
function received(value: Value): Value {
  if (value instanceof Double) return value.value;
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(received);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, received(entry as Value)]));
}

/** CBOR of a map with one entry `v`, which is where a value can be. */
const inMap = (cbor: string): string => `a16176${cbor}`;

for (const { name, value, cbor, decodeOnly } of CASES.values) {
  test(`value: ${name}`, () => {
    const map = { v: fromNotation(value) };
    if (decodeOnly !== true) assert.equal(Buffer.from(encodeMap(map)).toString('hex'), inMap(cbor));
    assert.deepEqual(decodeMap(fromHex(inMap(cbor))), received(map));
  });
}

for (const { name, value, cbor, decodeOnly } of CASES.messages) {
  test(`message: ${name}`, () => {
    const map = fromNotation(value) as Payload;
    if (decodeOnly !== true) assert.equal(Buffer.from(encodeMap(map)).toString('hex'), cbor);
    assert.deepEqual(decodeMap(fromHex(cbor)), received(map));
  });
}

for (const { name, value } of CASES.refused) {
  test(`refused: ${name}`, () => assert.throws(() => encodeMap({ v: fromNotation(value) }), { code: 'invalid-value' }));
}

for (const { name, cbor } of CASES.malformed) {
  test(`malformed: ${name}`, () => assert.throws(() => decodeMap(fromHex(inMap(cbor))), { code: 'protocol' }));
}

/** A transport over a socket that records what is sent and takes what `receive` is given. */
async function openRecorded() {
  const listeners = new Map<string, (event: never) => void>();
  const sent: string[] = [];
  let closeCode: number | undefined;
  const socket: WebSocketLike = {
    binaryType: '',
    bufferedAmount: 0,
    send: (data) => void sent.push(Buffer.from(data).toString('hex')),
    close: (code) => {
      closeCode = code;
    },
    addEventListener: (type: string, listener: (event: never) => void) => void listeners.set(type, listener),
  };
  const opening = openWebSocket(socket, { token: null, tls: null, connectTimeoutMs: 1000, onClose() {} });
  const emit = (type: string, event: unknown): void => listeners.get(type)?.(event as never);
  emit('open', {});
  const transport = await opening;
  const receive = (hex: string): void => {
    const bytes = fromHex(hex);
    emit('message', { data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) });
  };
  return { transport, sent, receive, closeCode: () => closeCode };
}

/** Opens calls until the one with `streamId` is open. */
function openCall(transport: Awaited<ReturnType<typeof openRecorded>>['transport'], streamId: number) {
  const bodies: string[] = [];
  const ends: (RouterError | null)[] = [];
  const handler = {
    onMessage: (body: Uint8Array) => void bodies.push(Buffer.from(body).toString('hex')),
    onEnd: (error: RouterError | null) => void ends.push(error),
  };
  const ignored = { onMessage() {}, onEnd() {} };
  for (let id = 1; id < streamId; id += 2) transport.open('register', ignored);
  return { stream: transport.open('register', handler), bodies, ends };
}

/** Ids beyond this are not reached by opening calls; the layout of the id is covered by the others. */
const LARGEST_OPENED_ID = 99;

for (const { name, kind, streamId, endsStream, decodeOnly, bodies, headers, path, hex } of CASES.envelopes) {
  if (streamId > LARGEST_OPENED_ID) continue;
  test(`envelope: ${name}`, async () => {
    const { transport, sent, receive } = await openRecorded();
    const call = openCall(transport, streamId);
    if (kind === 'call') {
      assert.equal(path, '/router/register');
      assert.deepEqual(sent, [hex]);
      return;
    }
    receive(hex);
    assert.deepEqual(call.bodies, bodies ?? []);
    const status = headers?.['grpc-status'] ?? '0';
    assert.deepEqual(
      call.ends.map((error) => error?.message ?? null),
      endsStream === true ? [status === '0' ? null : (headers?.['grpc-message'] ?? '')] : [],
    );
    if (decodeOnly === true) return;
    sent.length = 0;
    for (const body of bodies ?? []) call.stream.write(fromHex(body));
    if (endsStream === true) call.stream.end();
    // the client half-closes in a message of its own, which means the same
    const last = bodies?.length === 0 || endsStream !== true ? [] : [`${hex.slice(0, 8)}01`];
    assert.deepEqual(sent, last.length > 0 ? [`${hex.slice(0, 8)}00${hex.slice(10)}`, ...last] : [hex]);
  });
}

for (const { name, hex } of CASES.malformedEnvelopes) {
  test(`malformed envelope: ${name}`, async () => {
    const { transport, receive, closeCode } = await openRecorded();
    const call = openCall(transport, 1);
    receive(hex);
    assert.deepEqual(call.bodies, []);
    assert.equal(closeCode(), 1002);
  });
}

/** The client's half of a session, driven step by step. */
class SessionBench {
  private readonly session = new Session();
  private readonly outbox = new Outbox(1_000_000);
  private isConnected = false;
  private written: number[] = [];
  private done: number[] = [];
  private failed: Record<string, number[]> = {};
  private lost: number | undefined;
  private error: string | undefined;

  async step(step: Step): Promise<void> {
    this.written = [];
    this.done = [];
    this.failed = {};
    this.lost = this.error = undefined;
    if (step.expectRequest !== undefined) assert.deepEqual(this.session.request(), step.expectRequest);
    if (step.answer !== undefined) this.answer(step.answer);
    if (step.connect === true) this.isConnected = true;
    if (step.disconnect === true) this.isConnected = false;
    for (const n of step.send ?? []) this.send(n);
    for (let n = 0; n < (step.receive ?? 0); n++) this.session.count(1);
    if (step.acknowledge !== undefined && !this.outbox.acknowledge(step.acknowledge)) this.error = 'protocol';
    if (this.isConnected) this.flush();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(this.written, step.expectWritten ?? []);
    assert.deepEqual(this.done, step.expectDone ?? []);
    assert.deepEqual(this.failed, step.expectFailed ?? {});
    assert.equal(this.lost, step.expectLost);
    assert.equal(this.error, step.expectError);
  }

  private send(n: number): void {
    this.outbox.add(new Uint8Array([n])).then(
      () => this.done.push(n),
      (error: RouterError) => {
        this.failed[error.code] = [...(this.failed[error.code] ?? []), n];
      },
    );
  }

  private flush(): void {
    this.outbox.flush((body) => this.written.push(body[0] as number));
    if (!this.session.isKept) this.outbox.acknowledgeWritten(0);
  }

  private answer(answer: Answer | null): void {
    const isResumed = this.session.adopt({ clientId: 'client_1', session: answer });
    if (!isResumed) this.outbox.restart();
    else assert.ok(this.outbox.resume(answer?.received ?? 0));
    if (answer !== null && answer.lost > 0) this.lost = answer.lost;
  }
}

for (const { name, steps } of CASES.sessions) {
  test(`session: ${name}`, async () => {
    const bench = new SessionBench();
    for (const step of steps) await bench.step(step);
  });
}
