export type { ReconnectPolicy } from './backoff.ts';
export { RouterClient } from './client.ts';
export type { ClientEvents, ClientState, RouterErrorMessage, StateChange } from './client-events.ts';
export { type ErrorCode, RouterError } from './errors.ts';
export type { RequestHandler } from './incoming.ts';
export type { ClientInfo, ClientStatus, IncomingRequest, Message, RouterEvent, RouterEventType } from './messages.ts';
export type { CallOptions, ConnectOptions, TokenSource } from './options.ts';
export type { TlsOptions } from './transport.ts';
export { Double, type Payload, type Value } from './values.ts';
