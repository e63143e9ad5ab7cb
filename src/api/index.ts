export { createApi } from './api-app.ts';
export { ApiServer } from './api-server.ts';
export type { ApiDependencies } from './dependencies.ts';
export { type ApiAnswer, type ApiRequest, LocalApi } from './local-api.ts';
