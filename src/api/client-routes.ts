import type { FastifyInstance } from 'fastify';
import type { ClientPage, ClientPosition, ListedClient, PagedClient } from '../router/index.ts';
import { Slices } from '../telemetry/index.ts';
import { type Encodable, mapWith, Raw } from '../wire/index.ts';
import type { ApiDependencies } from './dependencies.ts';
import { ApiProblem } from './problem.ts';
import { addResource } from './resource.ts';
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

interface ClientQuery {
  readonly group?: string;
  readonly name?: string;
  readonly search?: string;
  readonly status?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `/clients` and `/groups`. */
export function addClientRoutes(app: FastifyInstance, deps: ApiDependencies): void {
  const { core, operator, log } = deps;
  addResource(app, '/clients', {
    GET: {
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
    },
  });
  addResource(app, '/clients/:id', {
    GET: {
      summary: 'Show one client',
      scope: 'read',
      schema: { params: CLIENT_PARAMS },
      answer: [200, CLIENT],
      problems: [404],
      handle: async (request, reply) => {
        const { id } = request.params as { id: string };
        return respond(request, reply, 200, describe(await find(deps, id)));
      },
    },
    DELETE: {
      summary: 'Disconnect a client, which receives the reason',
      scope: 'write',
      schema: { params: CLIENT_PARAMS, querystring: DISCONNECT_QUERY },
      answer: [204, null],
      problems: [404, 503],
      handle: async (request, reply) => {
        const { id } = request.params as { id: string };
        const { reason = null } = request.query as { reason?: string };
        await disconnect(id, reason);
        log.info('Client disconnected by the API', { client: id, reason, by: request.principal.name });
        return reply.code(204).send();
      },
    },
  });
  addResource(app, '/groups', {
    GET: {
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
    },
  });

  async function find({ operator: port }: ApiDependencies, id: string): Promise<PagedClient> {
    const page = port.page({ matches: (client) => client.id === id, after: null, limit: 1 });
    const local = core.registry.clients.get(id);
    if (local !== undefined) return { tag: 0, number: 0, client: local, local, node: null };
    await collect(page);
    const [found] = page.clients;
    if (found === undefined) throw notFound(id);
    return found;
  }

  /** Disconnects a client of any router. Throws when there is none, or its router cannot be reached. */
  async function disconnect(id: string, reason: string | null): Promise<void> {
    // its id names the router of a client, also of one that has left
    if (core.registry.clients.get(id) === undefined) await find(deps, id);
    const outcome = operator.disconnect(id, reason);
    if (outcome === 'unavailable') {
      throw new ApiProblem(503, 'node-unavailable', `The router of client ${id} cannot be reached`);
    }
    if (outcome === 'unknown') throw notFound(id);
  }
}

function notFound(id: string): ApiProblem {
  return new ApiProblem(404, 'not-found', `There is no client ${id}`);
}

/** Collects the page in slices, so that many clients do not block the event loop. */
async function collect(page: ClientPage): Promise<void> {
  const slices = new Slices();
  while (!page.collect(STEP)) if (slices.isOver) await slices.next();
}

function matcherOf(query: ClientQuery): (client: ListedClient) => boolean {
  const { group, name, status } = query;
  const search = query.search?.toLowerCase();
  return (client) =>
    (group === undefined || client.groups.includes(group)) &&
    (name === undefined || client.name === name) &&
    (status === undefined || client.status === status) &&
    (search === undefined || contains(client, search));
}

function contains({ id, name, groups }: ListedClient, search: string): boolean {
  return (
    id.toLowerCase().includes(search) ||
    name?.toLowerCase().includes(search) === true ||
    groups.some((group) => group.toLowerCase().includes(search))
  );
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

function cursorOf({ tag, number }: ClientPosition): string {
  return `${tag}-${number}`;
}

function positionOf(cursor: string): ClientPosition {
  const [, tag, number] = /^(\d{1,10})-(\d{1,15})$/.exec(cursor) ?? [];
  if (tag === undefined || number === undefined) {
    throw new ApiProblem(400, 'malformed', 'cursor must be the `next` of a previous page');
  }
  return { tag: Number(tag), number: Number(number) };
}
