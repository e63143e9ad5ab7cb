import type { Authenticator, NodeConnectionOptions } from '@nats-io/transport-node';

/** Credentials for NATS. Secrets come from files only, never from the command line. */
export interface NatsAccess {
  readonly user: { readonly name: string; readonly password: string } | null;
  /** Seed of an nkey. */
  readonly nkeySeed: Buffer | null;
  /** Content of a credentials file: a JWT and a seed. */
  readonly credentials: Buffer | null;
  /** PEM texts; null for a connection without TLS, unless the server's URL asks for it. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null;
}

const DIAL_TIMEOUT_MS = 2000;

/** Options for one connection to `server`, without reconnects. `name` is for the operators of NATS. */
export async function natsOptions(server: string, name: string, access: NatsAccess): Promise<NodeConnectionOptions> {
  const { nkeyAuthenticator, credsAuthenticator } = await import('@nats-io/transport-node');
  const { user, nkeySeed, credentials, tls } = access;
  const authenticators: Authenticator[] = [];
  if (nkeySeed !== null) authenticators.push(nkeyAuthenticator(nkeySeed));
  if (credentials !== null) authenticators.push(credsAuthenticator(credentials));
  return {
    servers: [server],
    name,
    reconnect: false,
    timeout: DIAL_TIMEOUT_MS,
    ...((server.startsWith('tls://') || tls !== null) && { tls: tls ?? {} }),
    ...(user !== null && { user: user.name, pass: user.password }),
    ...(authenticators.length > 0 && { authenticator: authenticators }),
  };
}
