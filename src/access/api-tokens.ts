import { timingSafeEqual } from 'node:crypto';
import { Problems, type Text } from '../text/index.ts';
import { digestOf, MIN_TOKEN_LENGTH, SAFE_TOKEN_LENGTH } from './tokens.ts';

/** `write` includes `read`. */
export type ApiScope = 'read' | 'write';

/** The holder of a token of the HTTP API. */
export interface ApiPrincipal {
  readonly name: string;
  readonly scope: ApiScope;
}

/** The tokens of the HTTP API, by their digests. */
export class ApiTokens {
  readonly warnings: readonly Text[];
  private readonly entries: readonly { readonly principal: ApiPrincipal; readonly digest: Buffer }[];

  constructor(entries: ApiTokens['entries'], warnings: readonly Text[]) {
    this.entries = entries;
    this.warnings = warnings;
  }

  get size(): number {
    return this.entries.length;
  }

  /** The holder of `token`, or null. Takes equally long for every token. */
  find(token: string): ApiPrincipal | null {
    const digest = digestOf(token);
    let found: ApiPrincipal | null = null;
    for (const entry of this.entries) if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
    return found;
  }
}

const LINE = /^([^\s:]+)\s*:\s*(read|write)\s+(\S+)$/;

/**
 * Parses the file of `--api-tokens-file`: one `name: read token` or `name: write token` per line, `#` comments. Throws all
 * problems at once, as `file:line: …`.
 */
export function parseApiTokens(path: string, text: string): ApiTokens {
  const problems: Text[] = [];
  const warnings: Text[] = [];
  const names = new Set<string>();
  const entries: { principal: ApiPrincipal; digest: Buffer }[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const where = `${path}:${index + 1}`;
    const [, name, scope, token] = LINE.exec(line) ?? [];
    if (name === undefined || token === undefined) problems.push(notALine(where));
    else if (names.has(name)) problems.push(givenTwice(where, name));
    else if (token.length < MIN_TOKEN_LENGTH) problems.push(shorter(where, name, MIN_TOKEN_LENGTH));
    else {
      if (token.length < SAFE_TOKEN_LENGTH) warnings.push(shorter(where, name, SAFE_TOKEN_LENGTH));
      names.add(name);
      entries.push({ principal: { name, scope: scope as ApiScope }, digest: digestOf(token) });
    }
  });
  if (problems.length === 0 && entries.length === 0) problems.push(empty(path));
  if (problems.length > 0) throw new Problems(...problems);
  return new ApiTokens(entries, warnings);
}

function notALine(where: string): Text {
  return {
    en: `${where}: expected "name: read token" or "name: write token"`,
    ru: `${where}: нужна строка вида «имя: read токен» или «имя: write токен»`,
  };
}

function givenTwice(where: string, name: string): Text {
  return { en: `${where}: name ${name} is already given above`, ru: `${where}: имя ${name} уже есть выше` };
}

function shorter(where: string, name: string, chars: number): Text {
  return {
    en: `${where}: the token of ${name} is shorter than ${chars} characters and can be guessed; make a longer one: openssl rand -hex 24`,
    ru: `${where}: токен ${name} короче ${chars} символов, его можно подобрать; создайте длиннее: openssl rand -hex 24`,
  };
}

function empty(path: string): Text {
  return {
    en: `${path}: holds no token; add a line "name: write token", or remove api-tokens-file from the configuration`,
    ru: `${path}: нет ни одного токена; добавьте строку «имя: write токен» или уберите api-tokens-file из конфигурации`,
  };
}
