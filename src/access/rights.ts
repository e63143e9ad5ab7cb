import { type GroupPermission, PERMISSIONS, type Permission, type Rights } from '../router/index.ts';
import { MESSAGE_TYPES, type MessageType } from '../wire/index.ts';
import { Glob } from './glob.ts';

/** The permission that every message of a type needs. `join` is checked per group of an `updateGroups`. */
const NEEDED: Readonly<Partial<Record<MessageType, Permission>>> = {
  unicast: 'send',
  request: 'request',
  response: 'respond',
  multicast: 'multicast',
  broadcast: 'broadcast',
  updateMetadata: 'metadata',
};

export function isPermission(name: string): name is Permission {
  return (PERMISSIONS as readonly string[]).includes(name);
}

export function isGroupPermission(name: string): name is GroupPermission {
  return name === 'multicast' || name === 'join';
}

/** `join:room.*` as name and glob; the glob is null without a colon. */
export function splitPermission(item: string): readonly [name: string, glob: string | null] {
  const colon = item.indexOf(':');
  return colon < 0 ? [item, null] : [item.slice(0, colon), item.slice(colon + 1)];
}

/** The permissions of a role, compiled. */
export class RoleRights implements Rights {
  readonly role: string;
  readonly typeMask: number;
  private readonly all: ReadonlySet<Permission>;
  private readonly globs: Readonly<Record<GroupPermission, readonly Glob[]>>;

  /** `allow`: valid permissions as in the access file, such as `send`, `join:room.*` and `*`. */
  constructor(role: string, allow: readonly string[]) {
    this.role = role;
    const all = new Set<Permission>();
    const globs: Record<GroupPermission, Glob[]> = { multicast: [], join: [] };
    for (const item of allow) {
      const [name, glob] = splitPermission(item);
      if (name === '*') for (const permission of PERMISSIONS) all.add(permission);
      else if (isGroupPermission(name) && glob !== '**') globs[name].push(new Glob(glob ?? ''));
      else if (isPermission(name)) all.add(name);
    }
    this.all = all;
    this.globs = globs;
    this.typeMask = maskOf(all);
  }

  allows(permission: Permission): boolean {
    return this.all.has(permission);
  }

  allowsGroup(permission: GroupPermission, group: string): boolean {
    if (this.all.has(permission)) return true;
    for (const glob of this.globs[permission]) if (glob.matches(group)) return true;
    return false;
  }
}

function maskOf(allowed: ReadonlySet<Permission>): number {
  return MESSAGE_TYPES.reduce((mask, type, code) => {
    const needed = NEEDED[type];
    return needed === undefined || allowed.has(needed) ? mask | (1 << code) : mask;
  }, 0);
}
