/** JSON schemas of the API: they check requests, and become the OpenAPI document. */

const text = (description: string, extra: object = {}) => ({ type: 'string', description, ...extra }) as const;

export const PROBLEM = {
  type: 'object',
  description: 'A problem document (RFC 9457)',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: text('Always about:blank'),
    title: text('Name of the status'),
    status: { type: 'integer', description: 'HTTP status' },
    code: text('Code of the error, for programs'),
    detail: text('What is wrong, and what to do'),
  },
} as const;

export const CLIENT = {
  type: 'object',
  description: 'A client, as getOnlineClients lists it, with its place',
  additionalProperties: true,
  properties: {
    clientId: text('Id'),
    clientName: { type: ['string', 'null'], description: 'Name' },
    groups: { type: 'array', items: { type: 'string' }, description: 'Groups' },
    metadata: { type: 'object', additionalProperties: true, description: 'Metadata, by the JSON mapping' },
    status: text('online, idle, or for a moment disconnecting'),
    connectedAt: { type: 'integer', description: 'Milliseconds since the epoch' },
    lastActivity: { type: 'integer', description: 'Milliseconds since the epoch' },
    address: { type: ['string', 'null'], description: 'Address and port; null for a client of another router' },
    node: { type: ['string', 'null'], description: 'Label of the router that it is connected to; null for this one' },
    queueBytes: { type: ['integer', 'null'], description: 'Unsent bytes; null for a client of another router' },
  },
} as const;

export const CLIENT_PAGE = {
  type: 'object',
  required: ['clients', 'next'],
  properties: {
    clients: { type: 'array', items: CLIENT },
    next: { type: ['string', 'null'], description: 'Cursor of the next page; null on the last one' },
  },
} as const;

export const MAX_LIMIT = 1000;
export const DEFAULT_LIMIT = 100;

export const CLIENT_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    group: text('Only members of this group', { maxLength: 256 }),
    name: text('Only clients of exactly this name', { maxLength: 256 }),
    search: text('Only clients whose id, name or group contains this text, in any case', { maxLength: 256 }),
    status: text('Only clients with this status', { enum: ['online', 'idle'] }),
    limit: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Clients per page' },
    cursor: text('The `next` of the previous page', { maxLength: 64 }),
  },
} as const;

export const CLIENT_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: { id: text('Id of the client') },
} as const;

export const DISCONNECT_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { reason: text('Reason that the client receives', { minLength: 1, maxLength: 256 }) },
} as const;

export const GROUPS = {
  type: 'object',
  required: ['groups'],
  properties: {
    groups: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'members'],
        properties: { name: text('Name'), members: { type: 'integer', description: 'Clients in it, of all routers' } },
      },
    },
  },
} as const;

const PAYLOAD = {
  type: 'object',
  additionalProperties: true,
  description: 'The payload that the client receives, by the JSON mapping; with CBOR byte for byte',
} as const;

export const MESSAGE = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'payload'],
  properties: {
    to: {
      type: 'object',
      description: 'Exactly one of client, group and all',
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: {
        client: text('Id of a client', { minLength: 1 }),
        group: text('Name of a group', { minLength: 1, maxLength: 256 }),
        all: { type: 'boolean', const: true, description: 'true: all clients' },
      },
    },
    payload: PAYLOAD,
  },
} as const;

export const MESSAGE_RESULT = {
  type: 'object',
  required: ['receivers'],
  properties: { receivers: { type: 'integer', description: 'Clients that the message was queued to' } },
} as const;

/** Longest time to wait for the response of a client. */
export const MAX_TIMEOUT_MS = 600_000;
export const DEFAULT_TIMEOUT_MS = 30_000;

export const REQUEST = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'payload'],
  properties: {
    to: text('Id of the client', { minLength: 1 }),
    payload: PAYLOAD,
    timeoutMs: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_TIMEOUT_MS,
      default: DEFAULT_TIMEOUT_MS,
      description: 'Longest time to wait for the response, in milliseconds',
    },
  },
} as const;

export const RESPONSE = {
  type: 'object',
  required: ['payload'],
  properties: { payload: { ...PAYLOAD, description: 'The payload of the response of the client' } },
} as const;

export const EVENTS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { types: text('Comma-separated types of events; all without it', { maxLength: 512 }) },
} as const;

export const IDEMPOTENCY_HEADERS = {
  type: 'object',
  properties: {
    'idempotency-key': text('The same key within 10 minutes sends the message once and repeats the first answer', {
      minLength: 1,
      maxLength: 255,
    }),
  },
} as const;
