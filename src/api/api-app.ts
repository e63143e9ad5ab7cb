import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { TlsMaterial } from '../net/index.ts';
import { ApiAuthorization } from './authorization.ts';
import { addBodyParsers } from './body.ts';
import { checkOrigin } from './check-origin.ts';
import { addClientRoutes } from './client-routes.ts';
import type { ApiDependencies } from './dependencies.ts';
import { addErrorHandlers, answerClientError } from './error-handlers.ts';
import { EventStream } from './event-stream.ts';
import { addMessageRoutes } from './message-routes.ts';
import { ApiProblem, problemOf, sendProblem } from './problem.ts';
import { addResource } from './resource.ts';
import { addRouterRoutes } from './router-routes.ts';

export const API_PREFIX = '/api/v1';

const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** For the members of a body besides the payload. */
const BODY_OVERHEAD_BYTES = 64 * 1024;
const MAX_ID_CHARS = 512;

/** Creates the HTTP API. Nothing listens yet. */
export async function createApi(deps: ApiDependencies, tls: TlsMaterial | null): Promise<FastifyInstance> {
  const app = createServer(deps, tls);
  addBodyParsers(app);
  addErrorHandlers(app, deps);
  countAnswers(app, deps);
  if (deps.origins.length > 0)
    await app.register(cors, { origin: [...deps.origins], methods: ['GET', 'POST', 'DELETE'] });
  admitCalls(app, deps);
  await app.register(swagger, { openapi: documentInfo(deps.version) });
  await app.register(async (routes) => addRoutes(app, routes, deps), { prefix: API_PREFIX });
  await app.ready();
  return app;
}

function countAnswers(app: FastifyInstance, { counters }: ApiDependencies): void {
  app.addHook('onResponse', async (request, reply) => {
    const waits = request.routeOptions.config.waits === true;
    counters.answered(reply.statusCode, waits ? null : reply.elapsedTime / 1000);
  });
}

/** Checks the origin, the token and its scope before anything else of a request is read. */
function admitCalls(app: FastifyInstance, deps: ApiDependencies): void {
  const authorization = new ApiAuthorization(
    deps.tokens,
    () => deps.core.clock.monotonicMs(),
    (remote, reason) => deps.log.warnOnce(`api-login-${reason}-${remote}`, 'API login failed', { remote, reason }),
  );
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    checkOrigin(request, deps);
    request.principal = authorization.authorize(request, request.routeOptions.config.scope === 'write');
  });
}

function addRoutes(app: FastifyInstance, routes: FastifyInstance, deps: ApiDependencies): void {
  const events = new EventStream(deps.core, deps.counters);
  app.addHook('preClose', async () => events.close());
  addClientRoutes(routes, deps);
  addMessageRoutes(routes, deps);
  addRouterRoutes(routes, deps, events);
  addResource(routes, '/openapi.json', {
    GET: {
      summary: 'This description of the API, in OpenAPI 3.1',
      scope: 'read',
      answer: [200, { type: 'object', additionalProperties: true, description: 'OpenAPI document' }],
      handle: (_request, reply) => reply.type('application/json').send(JSON.stringify(app.swagger())),
    },
  });
}

function createServer({ core, counters }: ApiDependencies, tls: TlsMaterial | null): FastifyInstance {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
  };
  const options = {
    // base64 makes bytes a third larger
    bodyLimit: 2 * core.limits.maxMessageBytes + BODY_OVERHEAD_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_ID_CHARS },
    ajv: { customOptions: { removeAdditional: false as const } },
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(reply, problemOf(error) ?? new ApiProblem(400, 'malformed', error.message));
    },
    clientErrorHandler: (error: Error, socket: Socket) => {
      const status = answerClientError(error, socket);
      if (status !== null) counters.answered(status, null);
    },
  };
  const app: unknown =
    tls === null
      ? Fastify({ ...options, http: limits })
      : Fastify({ ...options, https: { ...limits, cert: tls.cert, key: tls.key } });
  return app as FastifyInstance;
}

/** The head of the OpenAPI document. */
function documentInfo(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'rpc-dart-router HTTP API',
      version,
      description: 'Reaches the connected clients of the router from any language. See docs/api.md.',
    },
    components: { securitySchemes: { bearer: { type: 'http' as const, scheme: 'bearer' } } },
    security: [{ bearer: [] }],
  };
}
