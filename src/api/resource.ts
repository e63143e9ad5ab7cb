import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiPrincipal, ApiScope } from '../access/index.ts';
import { ApiProblem } from './problem.ts';
import { PROBLEM } from './schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; set before the handler runs. */
    principal: ApiPrincipal;
  }
  interface FastifyContextConfig {
    scope?: ApiScope;
    /** Whether the time of the answer says nothing about the router: it waits for a client, or streams. */
    waits?: boolean;
  }
}

/** One operation of a resource. */
export interface Operation {
  readonly summary: string;
  readonly scope: ApiScope;
  readonly waits?: boolean;
  readonly schema?: {
    readonly querystring?: object;
    readonly params?: object;
    readonly headers?: object;
    readonly body?: object;
  };
  /** Status and schema of the answer; null for one without content. */
  readonly answer: readonly [status: number, schema: object | null];
  /** Statuses of problems, besides 400, 401, 403 and 429, which every operation has. */
  readonly problems?: readonly number[];
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

type Method = 'GET' | 'POST' | 'DELETE';

const ALL_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Registers the operations of one URL; every other method is answered with 405. */
export function addResource(
  app: FastifyInstance,
  url: string,
  operations: Readonly<Partial<Record<Method, Operation>>>,
): void {
  const methods = Object.keys(operations);
  for (const [method, operation] of Object.entries(operations)) addOperation(app, url, method as Method, operation);
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
  app.route({
    method: ALL_METHODS.filter((method) => !methods.includes(method)),
    url,
    schema: { hide: true },
    handler: () => {
      throw new ApiProblem(405, 'method-not-allowed', `This address allows ${allow}`, { allow });
    },
  });
}

function addOperation(app: FastifyInstance, url: string, method: Method, operation: Operation): void {
  const { summary, scope, waits = false, schema = {}, answer, problems = [], handle } = operation;
  const [status, document] = answer;
  const statuses = [...new Set([400, 401, 403, 429, ...problems])].sort();
  app.route({
    method,
    url,
    config: { scope, waits },
    schema: {
      ...schema,
      summary,
      ...(schema.body === undefined ? {} : { consumes: ['application/json', 'application/cbor'] }),
      response: {
        [status]: document ?? { type: 'null', description: 'No content' },
        ...Object.fromEntries(
          statuses.map((code) => [
            code,
            { description: 'Problem', content: { 'application/problem+json': { schema: PROBLEM } } },
          ]),
        ),
      },
    },
    // answers are complete texts or bytes already
    serializerCompiler: () => (data) => String(data),
    handler: async (request, reply) => handle(request, reply),
  });
}
