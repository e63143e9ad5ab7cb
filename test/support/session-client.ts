import assert from 'node:assert/strict';
import { asMap, type CborMap, type Encodable } from './cbor.ts';
import { DartClient, type DartClientOptions } from './dart-client.ts';
import type { MessageStream } from './message-stream.ts';

export interface SessionGrant {
  readonly token: string;
  readonly resumed: boolean;
  readonly received: number;
  readonly windowMs: number;
  readonly lost: number;
}

/** Registers with the `session` field; returns the id and the response. */
export async function registerSession(
  client: DartClient,
  session: Encodable = {},
  request: { readonly [key: string]: Encodable } = {},
): Promise<{ id: string; grant: SessionGrant }> {
  const reply = await client.call('register', { ...request, session });
  assert.equal(reply.success, true, String(reply.errorMessage));
  client.id = String(reply.clientId);
  const { token, resumed, received, windowMs, lost } = asMap(reply.session);
  return {
    id: client.id,
    grant: {
      token: String(token),
      resumed: resumed === true,
      received: Number(received),
      windowMs: Number(windowMs),
      lost: Number(lost),
    },
  };
}

/** Opens a p2p stream that binds by `token`. */
export async function bindSession(client: DartClient, token: string, senderId = client.id): Promise<MessageStream> {
  const stream = client.openP2p();
  stream.send({ type: 'heartbeat', senderId, payload: { session: token } });
  await stream.next(({ type, success }) => type === 'heartbeat' && success === true);
  return stream;
}

/** A new connection with a new session. */
export async function joinSession(
  port: number,
  request: { readonly [key: string]: Encodable } = {},
  options: DartClientOptions = {},
): Promise<{ client: DartClient; grant: SessionGrant }> {
  const client = await DartClient.connect(port, options);
  const { grant } = await registerSession(client, {}, request);
  await bindSession(client, grant.token);
  return { client, grant };
}

/** A new connection that resumes the session of `token`. */
export async function resumeSession(
  port: number,
  session: { readonly token: string; readonly received: number },
  options: DartClientOptions = {},
): Promise<{ client: DartClient; grant: SessionGrant }> {
  const client = await DartClient.connect(port, options);
  const { grant } = await registerSession(client, session);
  await bindSession(client, grant.token);
  return { client, grant };
}

/** The next `count` counted messages: all except heartbeats. */
export async function counted(client: DartClient, count: number): Promise<CborMap[]> {
  const messages: CborMap[] = [];
  while (messages.length < count) messages.push((await client.next(({ type }) => type !== 'heartbeat')).message);
  return messages;
}

/** Sends a heartbeat with `received`; returns the router's count. */
export async function acknowledge(client: DartClient, received: number): Promise<number> {
  client.p2p.inbox.splice(
    0,
    client.p2p.inbox.length,
    ...client.p2p.inbox.filter((it) => it.message.type !== 'heartbeat'),
  );
  client.send({ type: 'heartbeat', payload: { received } });
  const { message } = await client.next(({ type }) => type === 'heartbeat');
  return Number(asMap(message.payload).received);
}

export const numberOf = (message: CborMap): unknown => asMap(message.payload).n;
