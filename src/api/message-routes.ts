import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { MessageTarget, NotSent, Operator, RequestOutcome } from '../router/index.ts';
import { decodeEntry, type Encodable, mapEntries, Raw } from '../wire/index.ts';
import type { ApiDependencies } from './dependencies.ts';
import { Idempotency } from './idempotency.ts';
import { ApiProblem } from './problem.ts';
import { addResource, type Operation } from './resource.ts';
import { respond } from './respond.ts';
import { DEFAULT_TIMEOUT_MS, IDEMPOTENCY_HEADERS, MESSAGE, MESSAGE_RESULT, REQUEST, RESPONSE } from './schemas.ts';

interface MessageBody {
  readonly to: { readonly client?: string; readonly group?: string; readonly all?: true };
  readonly payload: Raw;
}

interface RequestBody {
  readonly to: string;
  readonly payload: Raw;
  readonly timeoutMs?: number;
}

/** `/messages` and `/requests`. */
export function addMessageRoutes(app: FastifyInstance, deps: ApiDependencies): void {
  addResource(app, '/messages', { POST: sendMessage(deps) });
  addResource(app, '/requests', { POST: sendRequest(deps) });
}

function sendMessage({ core, operator }: ApiDependencies): Operation {
  const sent = new Idempotency<number>(() => core.clock.monotonicMs());
  return {
    summary: 'Send a message to a client, a group or all clients',
    scope: 'write',
    schema: { body: MESSAGE, headers: IDEMPOTENCY_HEADERS },
    answer: [202, MESSAGE_RESULT],
    problems: [404, 413, 415, 422, 503],
    handle: async (request, reply) => {
      const { to, payload } = request.body as MessageBody;
      const target = targetOf(to);
      const header = request.headers['idempotency-key'];
      const key = typeof header === 'string' ? `${request.principal.name} ${header}` : null;
      const fingerprint = key === null ? '' : fingerprintOf(target, payload);
      const earlier = key === null ? null : sent.recall(key, fingerprint);
      if (earlier !== null) reply.header('idempotency-replayed', 'true');
      const receivers = earlier ?? (await send(operator, target, payload.bytes));
      if (key !== null && earlier === null) sent.remember(key, fingerprint, receivers);
      return respond(request, reply, 202, { receivers });
    },
  };
}

function sendRequest({ operator }: ApiDependencies): Operation {
  return {
    summary: 'Send a request to a client and wait for its response',
    scope: 'write',
    waits: true,
    schema: { body: REQUEST },
    answer: [200, RESPONSE],
    problems: [404, 410, 413, 415, 502, 503, 504],
    handle: async (request, reply) => {
      const { to, payload, timeoutMs = DEFAULT_TIMEOUT_MS } = request.body as RequestBody;
      const outcome = await ask(operator, to, payload.bytes, timeoutMs, (cancel) => {
        reply.raw.once('close', cancel);
      });
      return respond(request, reply, 200, responseOf(to, outcome));
    },
  };
}

function targetOf({ client, group }: MessageBody['to']): MessageTarget {
  if (client !== undefined) return { kind: 'client', id: client };
  return group === undefined ? { kind: 'all' } : { kind: 'group', name: group };
}

function fingerprintOf(target: MessageTarget, { bytes }: Raw): string {
  return createHash('sha256').update(JSON.stringify(target)).update(bytes).digest('base64');
}

/** Sends when the queues of the router are below their high watermarks; resolves with the number of receivers. */
function send(operator: Operator, target: MessageTarget, payload: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    operator.whenWritable(() => {
      const outcome = operator.send(target, payload);
      if (outcome.ok) resolve(outcome.receivers);
      else reject(problemOfSending(outcome));
    });
  });
}

/** Sends a request; `onStart` receives the function that cancels it. */
function ask(
  operator: Operator,
  id: string,
  payload: Buffer,
  timeoutMs: number,
  onStart: (cancel: () => void) => void,
): Promise<RequestOutcome> {
  return new Promise((resolve, reject) => {
    operator.whenWritable(() => {
      const start = operator.request(id, payload, timeoutMs, resolve);
      if (start.ok) onStart(start.cancel);
      else reject(problemOfSending(start));
    });
  });
}

const STATUS_OF_CODE: Readonly<Partial<Record<NotSent['code'], number>>> = {
  'not-found': 404,
  'too-large': 413,
  overloaded: 429,
  'shutting-down': 503,
  'node-unavailable': 503,
};

function problemOfSending({ code, text }: NotSent): ApiProblem {
  const detail = code === 'not-found' ? 'There is no client with this id, or it has no message stream' : text;
  return new ApiProblem(STATUS_OF_CODE[code] ?? 400, code, detail);
}

/** The document of a response. Throws the problem of a request without one, and of one that the client refused. */
function responseOf(id: string, outcome: RequestOutcome): Encodable {
  if (outcome.kind === 'timeout') {
    throw new ApiProblem(504, 'timeout', `Client ${id} did not respond in time`);
  }
  if (outcome.kind === 'gone') {
    throw new ApiProblem(410, 'gone', `Client ${id} disconnected before it responded`);
  }
  const { message, isSuccess } = outcome;
  const entries = mapEntries(message, 0, message.length) ?? [];
  if (!isSuccess) {
    const error = decodeEntry(message, entries, 'errorMessage');
    throw new ApiProblem(502, 'refused', typeof error === 'string' ? error : `Client ${id} answered with an error`);
  }
  const payload = entries.find(({ key }) => key === 'payload');
  return { payload: payload === undefined ? {} : new Raw(message.subarray(payload.valueStart, payload.end)) };
}
