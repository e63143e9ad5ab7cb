import { PERMISSIONS } from '../router/index.ts';
import { Problems, type Text } from '../text/index.ts';
import { readTokens } from './access-tokens.ts';
import { type JwtIssuer, readIssuers } from './jwt-issuers.ts';
import { isGroupPermission, isPermission, RoleRights, splitPermission } from './rights.ts';
import type { StaticToken } from './tokens.ts';
import { type Entry, YamlReader } from './yaml-reader.ts';

/** The content of an access file. */
export interface AccessFile {
  readonly roles: ReadonlyMap<string, RoleRights>;
  readonly tokens: readonly StaticToken[];
  readonly issuers: readonly JwtIssuer[];
  /** Tokens that are accepted but easy to guess, or have expired. */
  readonly warnings: readonly Text[];
}

/**
 * Parses an access file; `readFile` reads the files of keys that it names. Throws all problems at once, as `file:line: …`. Only keys that are enforced are accepted: a
 * protection that is written down must be there.
 */
export function parseAccessFile(
  path: string,
  text: string,
  nowMs: number,
  readFile: (path: string) => Buffer = noFile,
): AccessFile {
  const reader = new YamlReader(path, text.replace(/^\ufeff/, ''));
  const root = reader.rootEntries(['roles', 'tokens', 'jwt']);
  const roles = readRoles(reader, root.get('roles'));
  const tokens = readTokens(reader, root.get('tokens'), roles, nowMs);
  const issuers = readIssuers(reader, root.get('jwt'), path, readFile);
  if (tokens.length + issuers.length === 0 && !reader.hasProblems) {
    reader.report(
      path,
      'holds no tokens and no jwt, so that no client could connect; add some, or remove access-file from the configuration',
      'нет ни токенов, ни jwt, поэтому ни один клиент не смог бы подключиться; добавьте их или уберите access-file из конфигурации',
    );
  }
  reader.throwProblems();
  return { roles, tokens, issuers, warnings: reader.warnings };
}

function noFile(path: string): never {
  throw new Problems({ en: `${path} cannot be read`, ru: `${path} не читается` });
}

function readRoles(reader: YamlReader, entry: Entry | undefined): ReadonlyMap<string, RoleRights> {
  const roles = new Map<string, RoleRights>();
  if (entry === undefined) return roles;
  for (const role of reader.entries(entry, null).values()) {
    const parts = reader.entries(role, ['allow']);
    const allow = reader.items(parts.get('allow')).flatMap((item) => readPermission(reader, item));
    if (!parts.has('allow')) {
      reader.report(role.where, `role ${role.key} has no allow list`, `у роли ${role.key} нет списка allow`);
    }
    roles.set(role.key, new RoleRights(role.key, allow));
  }
  return roles;
}

function readPermission(reader: YamlReader, item: Entry): string[] {
  const text = reader.text(item);
  if (text === null) return [];
  const [name, glob] = splitPermission(text);
  if (name !== '*' && !isPermission(name)) reader.unknown(item.where, 'permission', name, [...PERMISSIONS, '*']);
  else if (isGroupPermission(name) && (glob === null || glob === '')) {
    reader.report(
      item.where,
      `${name} needs a group, such as ${name}:room.*, or ${name}:** for all`,
      `для ${name} нужна группа, например ${name}:room.*, или ${name}:** для всех`,
    );
  } else if (!isGroupPermission(name) && glob !== null) {
    reader.report(item.where, `${name} takes no group, got ${text}`, `${name} не зависит от группы, указано ${text}`);
  } else return [text];
  return [];
}
