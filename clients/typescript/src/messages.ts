import { isMap, type Payload, type Value } from './values.ts';

export type MessageType =
  | 'unicast'
  | 'multicast'
  | 'broadcast'
  | 'error'
  | 'request'
  | 'response'
  | 'heartbeat'
  | 'updateMetadata'
  | 'updateGroups';

/** A message of the p2p stream, as it travels. */
export type WireMessage = {
  readonly type: MessageType;
  readonly senderId?: string | undefined;
  readonly targetId?: string | undefined;
  readonly groupName?: string | undefined;
  readonly payload?: Payload | undefined;
  readonly timestamp?: number | undefined;
  readonly errorMessage?: string | undefined;
  readonly success?: boolean | undefined;
};

/** A message from another client. */
export interface Message {
  readonly type: 'unicast' | 'multicast' | 'broadcast';
  /** Id of the client that sent it; the router vouches for it. */
  readonly senderId: string;
  /** Of a multicast. */
  readonly groupName: string | null;
  readonly payload: Readonly<Record<string, Value>>;
  /** The sender's clock, in milliseconds since the epoch; null when it gave none. */
  readonly timestamp: number | null;
}

/** A request from another client. */
export interface IncomingRequest {
  readonly requestId: string;
  readonly senderId: string;
  readonly payload: Readonly<Record<string, Value>>;
  /** How long the sender waits, in milliseconds; null when it did not say. */
  readonly timeoutMs: number | null;
}

export type ClientStatus = 'online' | 'idle' | 'disconnecting' | 'offline';

/** A client of the router, as `clients()` lists it. */
export interface ClientInfo {
  readonly clientId: string;
  readonly clientName: string | null;
  readonly groups: readonly string[];
  readonly connectedAt: Date;
  readonly lastActivity: Date;
  readonly metadata: Readonly<Record<string, Value>>;
  readonly status: ClientStatus;
}

export type RouterEventType =
  | 'clientConnected'
  | 'clientDisconnected'
  | 'clientCapabilitiesUpdated'
  | 'topologyChanged'
  | 'routerStats'
  | 'healthWarning'
  | 'performanceMetrics';

/** An event of the router. `data` depends on `type`; see the protocol document. */
export interface RouterEvent {
  readonly type: RouterEventType | (string & {});
  readonly timestamp: number;
  readonly data: Readonly<Record<string, Value>>;
}

export function textOf(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

export function numberOf(value: Value | undefined): number | null {
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null;
}

export function mapOf(value: Value | undefined): Record<string, Value> {
  return isMap(value) ? value : {};
}

export function clientInfoOf(value: Value): ClientInfo {
  const map = mapOf(value);
  const groups = Array.isArray(map.groups) ? map.groups : [];
  return {
    clientId: textOf(map.clientId) ?? '',
    clientName: textOf(map.clientName),
    groups: groups.filter((group: Value): group is string => typeof group === 'string'),
    connectedAt: new Date(numberOf(map.connectedAt) ?? 0),
    lastActivity: new Date(numberOf(map.lastActivity) ?? 0),
    metadata: mapOf(map.metadata),
    status: (textOf(map.status) ?? 'offline') as ClientStatus,
  };
}
