import { Problems, type Text } from '../text/index.ts';
import type { AccessFile } from './access-file.ts';
import { type GrantedToken, principalOf } from './token-identity.ts';
import type { TokenDigests } from './tokens.ts';

/** All valid tokens by the SHA-256 of the token in hexadecimal, so that a look-up reveals nothing by its duration. */
export type AccessRules = ReadonlyMap<string, GrantedToken>;

/** The rules of a tokens file, whose tokens allow everything, and of an access file; null without both. */
export function accessRules(tokens: TokenDigests | null, file: AccessFile | null): AccessRules | null {
  if (tokens === null && file === null) return null;
  const rules = new Map<string, GrantedToken>();
  for (const [name, bytes] of tokens ?? []) {
    const digest = bytes.toString('hex');
    const expiresAtMs = Number.POSITIVE_INFINITY;
    rules.set(digest, { digest, source: 'auth-tokens-file', name, rights: null, expiresAtMs });
  }
  const problems: Text[] = [];
  for (const { name, digest, rights, expiresAtMs } of file?.tokens ?? []) {
    const other = rules.get(digest);
    if (other !== undefined) problems.push(givenTwice(name, other.name));
    rules.set(digest, { digest, source: 'access-file', name, rights, expiresAtMs });
  }
  if (problems.length > 0) throw new Problems(...problems);
  return rules;
}

/** With both files it would be unclear whether its role or everything is allowed. */
function givenTwice(name: string, other: string): Text {
  return {
    en: `access-file: the token of ${name} is also that of ${other} in auth-tokens-file; remove it from one of the files`,
    ru: `access-file: токен ${name} есть и в auth-tokens-file (${other}); уберите его из одного из файлов`,
  };
}

/** A token as `rules` have it now; null when they refuse it. */
export function recheck(rules: AccessRules, granted: GrantedToken): GrantedToken | null {
  const token = rules.get(granted.digest);
  return token !== undefined && principalOf(token) === principalOf(granted) ? token : null;
}
