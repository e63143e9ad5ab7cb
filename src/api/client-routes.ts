import type { FastifyInstance } from 'fastify';
import type { ClientPage, PagedClient } from '../router/index.ts';
import { Slices } from '../telemetry/index.ts';
import { type Encodable, mapWith, Raw } from '../wire/index.ts';
import { type ClientQuery, cursorOf, matcherOf, positionOf } from './client-query.ts';
import type { ApiDependencies } from './dependencies.ts';
import { ApiProblem } from './problem.ts';
import { addResource, type Operation } from './resource.ts';
import { respond } from './respond.ts';
import {
  CLIENT,
  CLIENT_PAGE,
  CLIENT_PARAMS,
  CLIENT_QUERY,
  DEFAULT_LIMIT,
  DISCONNECT_QUERY,
  GROUPS,
} from './schemas.ts';

/** Clients examined between two looks at the clock. */
const STEP = 64;

/** `/clients` and `/groups`. */
export function addClientRoutes(app: FastifyInstance, deps: ApiDependencies): void {
  addResource(app, '/clients', { GET: listClients(deps) });
  addResource(app, '/clients/:id', { GET: showClient(deps), DELETE: disconnectClient(deps) });
  addResource(app, '/groups', { GET: listGroups(deps) });
}

function listClients({ operator }: ApiDependencies): Operation {
  return {
    summary: 'List clients, page by page, in the order of their registration',
    scope: 'read',
    schema: { querystring: CLIENT_QUERY },
    answer: [200, CLIENT_PAGE],
    handle: async (request, reply) => {
      const query = request.query as ClientQuery;
      const after = query.cursor === undefined ? null : positionOf(query.cursor);
      const page = operator.page({ matches: matcherOf(query), after, limit: query.limit ?? DEFAULT_LIMIT });
      await collect(page);
      const { clients, next } = page;
      const document = { clients: clients.map(describe), next: next === null ? null : cursorOf(next) };
      return respond(request, reply, 200, document);
    },
  };
}

function showClient(deps: ApiDependencies): Operation {
  return {
    summary: 'Show one client',
    scope: 'read',
    schema: { params: CLIENT_PARAMS },
    answer: [200, CLIENT],
    problems: [404],
    handle: async (request, reply) => {
      const { id } = request.params as { id: string };
      return respond(request, reply, 200, describe(await find(deps, id)));
    },
  };
}

function disconnectClient(deps: ApiDependencies): Operation {
  return {
    summary: 'Disconnect a client, which receives the reason',
    scope: 'write',
    schema: { params: CLIENT_PARAMS, querystring: DISCONNECT_QUERY },
    answer: [204, null],
    problems: [404, 503],
    handle: async (request, reply) => {
      const { id } = request.params as { id: string };
      const { reason = null } = request.query as { reason?: string };
      await disconnect(deps, id, reason);
      deps.log.info('Client disconnected by the operator', { client: id, reason, by: request.principal.name });
      return reply.code(204).send();
    },
  };
}

function listGroups({ operator }: ApiDependencies): Operation {
  return {
    summary: 'List groups with their numbers of members',
    scope: 'read',
    answer: [200, GROUPS],
    handle: async (request, reply) => {
      const members = new Map<string, number>();
      const slices = new Slices();
      for (const [name, count] of operator.groups()) {
        if (slices.isOver) await slices.next();
        members.set(name, (members.get(name) ?? 0) + count);
      }
      const names = [...members.keys()].sort();
      return respond(request, reply, 200, {
        groups: names.map((name) => ({ name, members: members.get(name) ?? 0 })),
      });
    },
  };
}

/** The client `id` of any router; throws 404 when there is none. */
async function find({ core, operator }: ApiDependencies, id: string): Promise<PagedClient> {
  const local = core.registry.clients.get(id);
  if (local !== undefined) return { tag: 0, number: 0, client: local, local, node: null };
  const page = operator.page({ matches: (client) => client.id === id, after: null, limit: 1 });
  await collect(page);
  const [found] = page.clients;
  if (found === undefined) throw notFound(id);
  return found;
}

/** Disconnects a client of any router. Throws when there is none, or its router cannot be reached. */
async function disconnect(deps: ApiDependencies, id: string, reason: string | null): Promise<void> {
  // its id names the router of a client, also of one that has left
  if (!deps.core.registry.clients.has(id)) await find(deps, id);
  const outcome = deps.operator.disconnect(id, reason);
  if (outcome === 'unavailable') {
    throw new ApiProblem(503, 'node-unavailable', `The router of client ${id} cannot be reached`);
  }
  if (outcome === 'unknown') throw notFound(id);
}

function notFound(id: string): ApiProblem {
  return new ApiProblem(404, 'not-found', `There is no client ${id}`);
}

/** Collects the page in slices, so that many clients do not block the event loop. */
async function collect(page: ClientPage): Promise<void> {
  const slices = new Slices();
  while (!page.collect(STEP)) if (slices.isOver) await slices.next();
}

function describe({ client, local, node }: PagedClient): Encodable {
  return new Raw(
    mapWith(client.encodedInfo(), {
      address: local?.connection.remote ?? null,
      node,
      queueBytes: local === null ? null : (local.stream?.queuedBytes ?? 0),
    }),
  );
}
