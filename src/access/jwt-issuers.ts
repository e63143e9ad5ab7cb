import { dirname, resolve } from 'node:path';
import { Problems } from '../text/index.ts';
import { type JwtKey, parseJwtKeys } from './jwt-keys.ts';
import type { Entry, YamlReader } from './yaml-reader.ts';

/** An issuer whose JWTs are accepted, from the access file. */
export interface JwtIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Path of the file with its keys. */
  readonly keysFile: string;
  readonly keys: readonly JwtKey[];
  /** Names of the claims with the name and the role of the client. */
  readonly claims: { readonly name: string; readonly role: string };
}

/** Asymmetric algorithms of RFC 7518 and RFC 8037; `none` and symmetric ones prove nothing to a verifier. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const KEYS = ['issuer', 'audience', 'algorithms', 'keys-file', 'claims'];
const DEFAULT_CLAIMS = { name: 'sub', role: 'role' } as const;

/** The `jwt` list of an access file at `path`; `readFile` reads the files of keys, which are relative to it. */
export function readIssuers(
  reader: YamlReader,
  entry: Entry | undefined,
  path: string,
  readFile: (path: string) => Buffer,
): JwtIssuer[] {
  const seen = new Set<string>();
  return reader.items(entry).flatMap((item) => {
    const parts = reader.entries(item, KEYS);
    const issuer = reader.required(parts, 'issuer', item.where);
    const audience = reader.required(parts, 'audience', item.where);
    const algorithms = readAlgorithms(reader, parts.get('algorithms'), item.where);
    const pathOf = (name: string): string => resolve(dirname(path), name);
    const keys = readKeys(reader, parts, item.where, (name) => readFile(pathOf(name)));
    const claims = readClaims(reader, parts.get('claims'));
    if (issuer === null || audience === null || keys === null) return [];
    if (seen.has(issuer)) {
      reader.report(item.where, `issuer ${issuer} is already given above`, `issuer ${issuer} уже есть выше`);
    }
    seen.add(issuer);
    const keysFile = pathOf(reader.text(parts.get('keys-file')) ?? '');
    return [{ issuer, audience, algorithms, keysFile, keys, claims }];
  });
}

function readAlgorithms(reader: YamlReader, entry: Entry | undefined, where: string): string[] {
  if (entry === undefined) reader.report(where, 'algorithms is missing', 'нет ключа algorithms');
  return reader.items(entry).flatMap((item) => {
    const name = reader.text(item);
    if (name === null || ALGORITHMS.includes(name)) return name === null ? [] : [name];
    reader.unknown(item.where, 'algorithm', name, ALGORITHMS);
    return [];
  });
}

function readKeys(
  reader: YamlReader,
  parts: ReadonlyMap<string, Entry>,
  where: string,
  readFile: (name: string) => Buffer,
): readonly JwtKey[] | null {
  const name = reader.required(parts, 'keys-file', where);
  if (name === null) return null;
  try {
    return parseJwtKeys(readFile(name).toString('utf8'));
  } catch (error) {
    if (!(error instanceof Problems)) throw error;
    const place = parts.get('keys-file')?.where ?? where;
    for (const { en, ru } of error.list) reader.report(place, `keys-file ${name}: ${en}`, `keys-file ${name}: ${ru}`);
    return null;
  }
}

function readClaims(reader: YamlReader, entry: Entry | undefined): JwtIssuer['claims'] {
  if (entry === undefined) return DEFAULT_CLAIMS;
  const parts = reader.entries(entry, Object.keys(DEFAULT_CLAIMS));
  return {
    name: reader.text(parts.get('name')) ?? DEFAULT_CLAIMS.name,
    role: reader.text(parts.get('role')) ?? DEFAULT_CLAIMS.role,
  };
}
