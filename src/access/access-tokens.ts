import type { RoleRights } from './rights.ts';
import { digestOf, MIN_TOKEN_LENGTH, SAFE_TOKEN_LENGTH, type StaticToken } from './tokens.ts';
import type { Entry, YamlReader } from './yaml-reader.ts';

const SHA256 = /^[0-9a-f]{64}$/i;
const NAME = /^[^\s\p{Cc}]{1,128}$/u;
/** A time of day needs a time zone: the router and the author of the file may be in different ones. */
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/;
const TOKEN_KEYS = ['name', 'token', 'sha256', 'role', 'expires'];

/** The `tokens` of an access file. */
export function readTokens(
  reader: YamlReader,
  entry: Entry | undefined,
  roles: ReadonlyMap<string, RoleRights>,
  nowMs: number,
): StaticToken[] {
  const names = new Set<string>();
  const owners = new Map<string, string>();
  return reader.items(entry).flatMap((item) => {
    const parts = reader.entries(item, TOKEN_KEYS);
    const name = readName(reader, parts, item.where);
    const rights = readRole(reader, parts.get('role'), item.where, roles);
    const digest = readDigest(reader, parts, item.where, name ?? 'token');
    const expiresAtMs = readExpiry(reader, parts.get('expires'), name ?? 'token', nowMs);
    if (name === null || rights === null || digest === null) return [];
    if (names.has(name)) reader.report(item.where, `name ${name} is already given above`, `имя ${name} уже есть выше`);
    const owner = owners.get(digest);
    if (owner !== undefined) {
      reader.report(item.where, `${name} has the same token as ${owner}`, `у ${name} тот же токен, что у ${owner}`);
    }
    names.add(name);
    owners.set(digest, name);
    return [{ name, digest, rights, expiresAtMs }];
  });
}

function readName(reader: YamlReader, parts: ReadonlyMap<string, Entry>, where: string): string | null {
  const name = reader.required(parts, 'name', where);
  if (name === null || NAME.test(name)) return name;
  reader.report(
    parts.get('name')?.where ?? where,
    'name must be 1..128 characters without spaces',
    'name: нужно 1..128 символов без пробелов',
  );
  return null;
}

function readRole(
  reader: YamlReader,
  entry: Entry | undefined,
  where: string,
  roles: ReadonlyMap<string, RoleRights>,
): RoleRights | null {
  if (entry === undefined) reader.report(where, 'role is missing', 'нет ключа role');
  const name = reader.text(entry);
  if (entry === undefined || name === null) return null;
  const rights = roles.get(name) ?? null;
  if (rights === null) reader.unknown(entry.where, 'role', name, [...roles.keys()]);
  return rights;
}

/** The SHA-256 of the token, in hexadecimal. */
function readDigest(reader: YamlReader, parts: ReadonlyMap<string, Entry>, where: string, name: string): string | null {
  const plain = parts.get('token');
  const hashed = parts.get('sha256');
  if ((plain === undefined) === (hashed === undefined)) {
    reader.report(where, `${name} needs either token or sha256`, `${name}: нужен один из ключей token и sha256`);
    return null;
  }
  const text = reader.text(plain ?? hashed);
  if (text === null) return null;
  if (hashed === undefined) {
    checkPlainToken(reader, plain?.where ?? where, name, text);
    return digestOf(text).toString('hex');
  }
  if (SHA256.test(text)) return text.toLowerCase();
  reader.report(
    hashed.where,
    'sha256 must have 64 hexadecimal digits; make it: printf %s TOKEN | sha256sum',
    'sha256: нужны 64 шестнадцатеричные цифры; получить их: printf %s ТОКЕН | sha256sum',
  );
  return null;
}

function checkPlainToken(reader: YamlReader, where: string, name: string, token: string): void {
  if (/\s/.test(token)) reader.report(where, `the token of ${name} contains a space`, `в токене ${name} есть пробел`);
  else if (token.length < MIN_TOKEN_LENGTH) {
    reader.report(
      where,
      `the token of ${name} is shorter than ${MIN_TOKEN_LENGTH} characters; make one: openssl rand -hex 24`,
      `токен ${name} короче ${MIN_TOKEN_LENGTH} символов; создайте новый: openssl rand -hex 24`,
    );
  } else if (token.length < SAFE_TOKEN_LENGTH) {
    reader.warn(
      where,
      `the token of ${name} is shorter than ${SAFE_TOKEN_LENGTH} characters and can be guessed; make a longer one: openssl rand -hex 24`,
      `токен ${name} короче ${SAFE_TOKEN_LENGTH} символов, его можно подобрать; создайте длиннее: openssl rand -hex 24`,
    );
  }
}

/** Infinity without an expiry. A date is its beginning in UTC. */
function readExpiry(reader: YamlReader, entry: Entry | undefined, name: string, nowMs: number): number {
  const text = reader.text(entry);
  if (entry === undefined || text === null) return Number.POSITIVE_INFINITY;
  const timeMs = parseTime(text);
  if (timeMs === null) {
    reader.report(
      entry.where,
      `expires must be a date, 2027-01-31 or 2027-01-31T12:00:00Z, got ${text}`,
      `expires: нужна дата, 2027-01-31 или 2027-01-31T12:00:00Z, указано ${text}`,
    );
    return 0;
  }
  if (timeMs <= nowMs) {
    reader.warn(entry.where, `the token of ${name} has expired: ${text}`, `срок токена ${name} истёк: ${text}`);
  }
  return timeMs;
}

function parseTime(text: string): number | null {
  const match = DATE.exec(text);
  const timeMs = match === null ? Number.NaN : Date.parse(text);
  if (match === null || Number.isNaN(timeMs)) return null;
  const [, year, month, day] = match.map(Number);
  // Date.parse accepts 31 February
  const isRealDay = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day)).getUTCDate() === day;
  return isRealDay ? timeMs : null;
}
