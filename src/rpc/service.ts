import { listClients } from './list-clients.ts';
import type { RpcMethod } from './method.ts';
import { ping } from './ping.ts';
import { register } from './register.ts';

export const SERVICE_NAME = 'router';

/** The methods of the service, for every transport. */
export const SERVICE: readonly RpcMethod[] = [
  { name: 'register', kind: 'unary', auth: 'metadata', handler: register },
  { name: 'ping', kind: 'unary', auth: 'required', handler: ping },
  { name: 'getOnlineClients', kind: 'unary', auth: 'required', handler: listClients },
  {
    name: 'p2p',
    kind: 'p2p',
    auth: 'required',
    handler: (transport, { core, connection, credential }) =>
      core.openSession({ connection, transport, credential: credential ?? '' }),
  },
  {
    name: 'events',
    kind: 'events',
    auth: 'required',
    handler: (transport, framing, { core, connection, credential }) =>
      core.subscribe({ connection, transport, credential: credential ?? '' }, framing),
  },
];

/** The methods by path. */
export const METHOD_BY_PATH: ReadonlyMap<string, RpcMethod> = new Map(
  SERVICE.map((method) => [`/${SERVICE_NAME}/${method.name}`, method]),
);

export const UNARY_METHOD_NAMES: readonly string[] = SERVICE.filter(({ kind }) => kind === 'unary').map(
  ({ name }) => name,
);
