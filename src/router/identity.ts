/** Operations that a role may allow. `multicast` and `join` are allowed per group. */
export const PERMISSIONS = [
  'list',
  'events',
  'send',
  'request',
  'respond',
  'multicast',
  'join',
  'broadcast',
  'metadata',
] as const;
export type Permission = (typeof PERMISSIONS)[number];
export type GroupPermission = 'multicast' | 'join';

/** The rights of a role, as the router enforces them. */
export interface Rights {
  readonly role: string;
  /** Bit `1 << code` for every type of message that may be sent without a further check. */
  readonly typeMask: number;
  /** For `multicast` and `join` true only when all groups are allowed. */
  allows(permission: Permission): boolean;
  allowsGroup(permission: GroupPermission, group: string): boolean;
}

/**
 * The authenticated principal behind a call. All calls of one principal on one connection share an object, whose rights
 * change with a reload.
 */
export interface Identity {
  /** Equal for all tokens of one principal; empty while no tokens are in use. Not shown. */
  readonly principal: string;
  /** Name of the token, for logs; empty while no tokens are in use. */
  readonly name: string;
  /** Null: everything is allowed. */
  readonly rights: Rights | null;
}

/** The identity of all calls while no tokens are in use. */
export const ANONYMOUS: Identity = { principal: '', name: '', rights: null };

/** The owner of the sessions of an identity: all identities to which everything is allowed share one. */
export function ownerOf({ rights, principal }: Identity): string {
  return rights === null ? '' : principal;
}

/** Whether a session may pass from one identity to another: roles must not leak through a session token. */
export function mayTakeOver(from: Identity, to: Identity): boolean {
  return ownerOf(from) === ownerOf(to) || from.principal === to.principal;
}
