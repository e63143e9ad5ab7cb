export { type ClientPage, type ClientQuery, listClients, mergeClientPages } from './client-list.ts';
export { ClientRoutes } from './client-routes.ts';
export { HttpEndpoint, type RequestHandler } from './http-endpoint.ts';
export { createRoutes } from './http-routes.ts';
export { StatusStream } from './status-stream.ts';
