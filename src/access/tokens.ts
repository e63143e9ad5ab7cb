import { createHash } from 'node:crypto';
import type { Rights } from '../router/index.ts';
import { Problems, type Text } from '../text/index.ts';

/** A shorter token is a typing mistake rather than a secret. */
export const MIN_TOKEN_LENGTH = 4;
/** A shorter token may be found by trying; `openssl rand -hex 24` makes one of 48 characters. */
export const SAFE_TOKEN_LENGTH = 16;

/** Digests of the valid tokens by name. The tokens themselves are not stored. */
export type TokenDigests = ReadonlyMap<string, Buffer>;

/** A token of an access file. */
export interface StaticToken {
  readonly name: string;
  /** SHA-256 of the token, in hexadecimal. */
  readonly digest: string;
  readonly rights: Rights;
  /** Infinity without an expiry. */
  readonly expiresAtMs: number;
}

/** The digest by which tokens are compared, whatever their length. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export interface ParsedTokens {
  readonly tokens: TokenDigests;
  /** Tokens that are accepted but easy to guess. */
  readonly warnings: readonly Text[];
}

/**
 * Parses a tokens file: one `name: token` per line, `#` comments. Throws all problems at once, as `file:line: …`. A file
 * without a token is a problem, since it would lock out every client.
 */
export function parseTokens(path: string, text: string): ParsedTokens {
  const problems: Text[] = [];
  const warnings: Text[] = [];
  const report = (where: string, en: string, ru: string): void => {
    problems.push({ en: `${where}: ${en}`, ru: `${where}: ${ru}` });
  };
  const tokens = new Map<string, Buffer>();
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const match = /^([^\s:]+)\s*:\s*(\S+)$/.exec(line);
    const where = `${path}:${index + 1}`;
    if (match === null) report(where, 'expected "name: token"', 'нужна строка вида «имя: токен»');
    else if (tokens.has(match[1] as string))
      report(where, `name ${match[1]} is already given above`, `имя ${match[1]} уже есть выше`);
    else {
      const [, name = '', token = ''] = match;
      if (token.length < MIN_TOKEN_LENGTH) problems.push(tooShort(where, name));
      else if (token.length < SAFE_TOKEN_LENGTH) warnings.push(easyToGuess(where, name));
      tokens.set(name, digestOf(token));
    }
  });
  if (problems.length === 0 && tokens.size === 0) {
    report(
      path,
      'holds no token; add a line "name: token", or remove auth-tokens-file from the configuration',
      'нет ни одного токена; добавьте строку «имя: токен» или уберите auth-tokens-file из конфигурации',
    );
  }
  if (problems.length > 0) throw new Problems(...problems);
  return { tokens, warnings };
}

function tooShort(where: string, name: string): Text {
  return {
    en: `${where}: the token of ${name} is shorter than ${MIN_TOKEN_LENGTH} characters; make one: openssl rand -hex 24`,
    ru: `${where}: токен ${name} короче ${MIN_TOKEN_LENGTH} символов; создайте новый: openssl rand -hex 24`,
  };
}

function easyToGuess(where: string, name: string): Text {
  return {
    en: `${where}: the token of ${name} is shorter than ${SAFE_TOKEN_LENGTH} characters and can be guessed; make a longer one: openssl rand -hex 24`,
    ru: `${where}: токен ${name} короче ${SAFE_TOKEN_LENGTH} символов, его можно подобрать; создайте длиннее: openssl rand -hex 24`,
  };
}
