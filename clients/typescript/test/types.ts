// Checked by `tsc` alone (npm run types): each @ts-expect-error must mark an error.
import {
  type ClientInfo,
  connect,
  Double,
  type ErrorCode,
  type Message,
  RouterError,
  type Value,
} from '../src/node.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<Expected>() {
  return <Actual>(_value: Actual, ..._equal: Equal<Actual, Expected> extends true ? [] : [never]): void => {};
}

export async function check(): Promise<void> {
  const client = await connect(new URL('ws://localhost:8080'), {
    name: 'alice',
    token: async () => 'secret',
    reconnect: { maxAttempts: 3 },
    signal: new AbortController().signal,
  });
  // @ts-expect-error a number is no name
  await connect('ws://localhost', { name: 1 });
  // @ts-expect-error an option that does not exist
  await connect('ws://localhost', { heartbeat: 1 });

  await client.send('id', {
    int: 1,
    real: new Double(1),
    big: 1n,
    bytes: new Uint8Array(),
    none: null,
    omitted: undefined,
  });
  // @ts-expect-error a Date cannot be sent
  await client.send('id', { at: new Date() });
  // @ts-expect-error a Map cannot be sent
  await client.send('id', { map: new Map() });
  // @ts-expect-error a payload is a map
  await client.send('id', 'text');
  // @ts-expect-error a list has no undefined
  await client.broadcast({ list: [undefined] });

  expectType<Record<string, Value>>()(await client.request('id', {}, { timeoutMs: 1 }));
  expectType<ClientInfo[]>()(await client.clients({ groups: ['a'], metadata: { role: 'x' } }));
  expectType<number>()(await client.ping());
  for await (const message of client.messages()) expectType<Message>()(message);

  const off: () => void = client.on('lost', (count) => expectType<number>()(count));
  off();
  client.on('state', ({ state, reason }) => {
    expectType<'connecting' | 'online' | 'away' | 'closed'>()(state);
    expectType<RouterError | null>()(reason);
  });
  // @ts-expect-error an event that does not exist
  client.on('close', () => {});
  client.onRequest(({ payload }) => ({ sum: payload.x ?? null }));
  client.onRequest(async () => undefined);
  // @ts-expect-error a response is a map
  client.onRequest(() => 1);
  // @ts-expect-error the state is read-only
  client.state = 'online';

  const error = new RouterError('timeout', 'text');
  expectType<ErrorCode>()(error.code);
  // @ts-expect-error a code that does not exist
  if (error.code === 'nonsense') return;
  const replaced: ErrorCode = 'replaced';
  void replaced;
}
