import type { Client } from '../router/index.ts';
import { Slices, sortInSlices } from '../telemetry/index.ts';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;
const MAX_SEARCH_CHARS = 256;
const MAX_GROUPS_SHOWN = 10;

/** Sort keys, and how to read their values. */
const SORT_KEYS = {
  name: ({ name }: Client): string => name?.toLowerCase() ?? '',
  id: ({ id }: Client): string => id,
  address: ({ connection }: Client): string => connection.remote,
  status: ({ status }: Client): string => status,
  connected: ({ connectedAt }: Client): number => connectedAt,
  activity: ({ lastActivity }: Client): number => lastActivity,
  queue: (client: Client): number => queueBytes(client),
} as const;

type SortKey = keyof typeof SORT_KEYS;

export interface ClientQuery {
  /** In lower case; an empty string matches every client. */
  readonly search: string;
  readonly sort: SortKey;
  readonly isDescending: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** The document of `/api/clients`. */
export interface ClientPage {
  readonly total: number;
  readonly matching: number;
  readonly offset: number;
  readonly clients: readonly {
    readonly clientId: string;
    readonly clientName: string | null;
    /** The first 10 groups. */
    readonly groups: readonly string[];
    readonly groupCount: number;
    readonly address: string;
    readonly status: string;
    readonly connectedAt: number;
    readonly lastActivityAt: number;
    readonly queueBytes: number;
  }[];
}

/** Parses `?search=&sort=&order=&offset=&limit=`; returns an error message when a parameter is invalid. */
export function parseClientQuery(params: URLSearchParams): ClientQuery | string {
  const search = params.get('search') ?? '';
  const sort = params.get('sort') ?? 'name';
  const order = params.get('order') ?? 'asc';
  const offset = Number(params.get('offset') ?? 0);
  const limit = Number(params.get('limit') ?? DEFAULT_LIMIT);
  if (search.length > MAX_SEARCH_CHARS) return `search must have at most ${MAX_SEARCH_CHARS} characters`;
  if (!isSortKey(sort)) return `sort must be one of ${Object.keys(SORT_KEYS).join(', ')}`;
  if (order !== 'asc' && order !== 'desc') return 'order must be asc or desc';
  if (!Number.isSafeInteger(offset) || offset < 0) return 'offset must be a whole number from 0';
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return `limit must be 1..${MAX_LIMIT}`;
  return { search: search.toLowerCase(), sort, isDescending: order === 'desc', offset, limit };
}

function isSortKey(name: string): name is SortKey {
  return Object.hasOwn(SORT_KEYS, name);
}

interface Row {
  readonly client: Client;
  /** A copy of the sort value, because it must not change during the sort. */
  readonly key: string | number;
}

/**
 * One page of the current clients. Searches and sorts in slices, because many thousands of clients would block the event
 * loop. May contain clients that disconnected meanwhile. Null as soon as `isWanted` returns false.
 */
export async function listClients(
  clients: ReadonlyMap<string, Client>,
  query: ClientQuery,
  isWanted: () => boolean = () => true,
  slices = new Slices(),
): Promise<ClientPage | null> {
  const { search, sort, isDescending, offset, limit } = query;
  const keyOf: (client: Client) => string | number = SORT_KEYS[sort];
  const rows: Row[] = [];
  for (const client of clients.values()) {
    if (slices.isOver) {
      await slices.next();
      if (!isWanted()) return null;
    }
    if (matches(client, search)) rows.push({ client, key: keyOf(client) });
  }
  const sorted = await sortInSlices(rows, isDescending ? (a, b) => compareRows(b, a) : compareRows, slices);
  const page = sorted.slice(offset, offset + limit);
  return {
    total: clients.size,
    matching: sorted.length,
    offset,
    clients: page.map(({ client }) => describe(client)),
  };
}

function matches(client: Client, search: string): boolean {
  if (search === '') return true;
  const { id, name, status, groups, connection } = client;
  return (
    name?.toLowerCase().includes(search) ||
    id.toLowerCase().includes(search) ||
    status === search ||
    connection.remote.includes(search) ||
    groups.some((group) => group.toLowerCase().includes(search))
  );
}

/** Compares keys, then ids, so that pages do not overlap. */
function compareRows(a: Row, b: Row): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.client.id < b.client.id ? -1 : 1;
}

function describe(client: Client): ClientPage['clients'][number] {
  return {
    clientId: client.id,
    clientName: client.name,
    groups: client.groups.slice(0, MAX_GROUPS_SHOWN),
    groupCount: client.groups.length,
    address: client.connection.remote,
    status: client.status,
    connectedAt: client.connectedAt,
    lastActivityAt: client.lastActivity,
    queueBytes: queueBytes(client),
  };
}

function queueBytes({ stream }: Client): number {
  return stream?.queuedBytes ?? 0;
}

/** Sort keys of the rows of a page. */
const ROW_KEYS = {
  name: ({ clientName }: ClientRow): string => clientName?.toLowerCase() ?? '',
  id: ({ clientId }: ClientRow): string => clientId,
  address: ({ address }: ClientRow): string => address,
  status: ({ status }: ClientRow): string => status,
  connected: ({ connectedAt }: ClientRow): number => connectedAt,
  activity: ({ lastActivityAt }: ClientRow): number => lastActivityAt,
  queue: (row: ClientRow): number => row.queueBytes,
} as const satisfies Record<SortKey, unknown>;

type ClientRow = ClientPage['clients'][number];

/** Joins the pages of several processes, each of which must start at 0 and hold `offset + limit` clients. */
export function mergeClientPages(pages: readonly ClientPage[], query: ClientQuery): ClientPage {
  const { sort, isDescending, offset, limit } = query;
  const keyOf: (row: ClientRow) => string | number = ROW_KEYS[sort];
  const rows = pages.flatMap(({ clients }) => clients).map((client) => ({ client, key: keyOf(client) }));
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (isDescending ? -1 : 1));
  const total = (count: (page: ClientPage) => number): number => pages.reduce((sum, page) => sum + count(page), 0);
  return {
    total: total((page) => page.total),
    matching: total((page) => page.matching),
    offset,
    clients: rows.slice(offset, offset + limit).map(({ client }) => client),
  };
}
