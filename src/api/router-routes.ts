import type { FastifyInstance } from 'fastify';
import type { Encodable } from '../wire/index.ts';
import type { ApiDependencies } from './dependencies.ts';
import type { EventStream } from './event-stream.ts';
import { ApiProblem } from './problem.ts';
import { addResource, type Operation } from './resource.ts';
import { respond } from './respond.ts';
import { EVENTS_QUERY } from './schemas.ts';

const OBJECT = { type: 'object', additionalProperties: true } as const;

/** `/status`, `/config`, `/drain` and `/events`. */
export function addRouterRoutes(app: FastifyInstance, deps: ApiDependencies, events: EventStream): void {
  const status = 'The status of the router, as --daemon-status --json shows it';
  addResource(app, '/status', { GET: showDocument(status, 'Status', deps.status) });
  const config = 'The options in force, each with its value and whether that is the default';
  addResource(app, '/config', { GET: showDocument(config, 'Options by name', deps.config) });
  addResource(app, '/drain', { POST: drain(deps) });
  addResource(app, '/events', { GET: streamEvents(events) });
}

function showDocument(summary: string, description: string, read: () => Encodable): Operation {
  return {
    summary,
    scope: 'read',
    answer: [200, { ...OBJECT, description }],
    handle: async (request, reply) => respond(request, reply, 200, read()),
  };
}

function drain(deps: ApiDependencies): Operation {
  return {
    summary: 'Shut the router down gracefully, as SIGTERM does',
    scope: 'write',
    answer: [202, { ...OBJECT, description: 'The shutdown has started' }],
    handle: async (request, reply) => {
      deps.log.info('Shutdown requested by the operator', { by: request.principal.name });
      // after the answer: the shutdown closes this connection as well
      reply.raw.once('close', () => deps.drain());
      reply.header('connection', 'close');
      return respond(request, reply, 202, { state: 'draining' });
    },
  };
}

function streamEvents(events: EventStream): Operation {
  return {
    summary: 'Events of the router as server-sent events',
    scope: 'read',
    waits: true,
    schema: { querystring: EVENTS_QUERY },
    answer: [200, { type: 'string', description: 'text/event-stream' }],
    problems: [503],
    handle: (request, reply) => {
      if (events.isFull) throw new ApiProblem(503, 'overloaded', 'Too many event streams: close others, or try later');
      const { types } = request.query as { types?: string };
      const headers = { ...headersOf(reply.getHeaders()), 'content-type': 'text/event-stream; charset=utf-8' };
      reply.hijack();
      reply.raw.writeHead(200, headers);
      if (request.method === 'HEAD') reply.raw.end();
      else events.add(reply.raw, types === undefined ? null : new Set(types.split(',').map((type) => type.trim())));
    },
  };
}

function headersOf(headers: Readonly<Record<string, number | string | readonly string[] | undefined>>) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
