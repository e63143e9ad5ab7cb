import { listClients } from './list-clients.ts';
import type { RpcMethod } from './method.ts';
import { identityOf } from './permission.ts';
import { ping } from './ping.ts';
import { register } from './register.ts';

export const SERVICE_NAME = 'router';

/** The methods of the service, for every transport. */
export const SERVICE: readonly RpcMethod[] = [
  { name: 'register', kind: 'unary', auth: 'metadata', handler: register },
  { name: 'ping', kind: 'unary', auth: 'required', handler: ping },
  { name: 'getOnlineClients', kind: 'unary', auth: 'required', permission: 'list', handler: listClients },
  {
    name: 'p2p',
    kind: 'p2p',
    auth: 'required',
    handler: (transport, context) =>
      context.core.openSession({ connection: context.connection, transport, identity: identityOf(context) }),
  },
  {
    name: 'events',
    kind: 'events',
    auth: 'required',
    permission: 'events',
    handler: (transport, framing, context) =>
      context.core.subscribe({ connection: context.connection, transport, identity: identityOf(context) }, framing),
  },
];

/** The methods by path. */
export const METHOD_BY_PATH: ReadonlyMap<string, RpcMethod> = new Map(
  SERVICE.map((method) => [`/${SERVICE_NAME}/${method.name}`, method]),
);

export const UNARY_METHOD_NAMES: readonly string[] = SERVICE.filter(({ kind }) => kind === 'unary').map(
  ({ name }) => name,
);
