import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Problems } from '../text/index.ts';

/** A public key that verifies JWTs. */
export interface JwtKey {
  /** Key id of a JWKS (RFC 7517, section 4.5); null without one. */
  readonly kid: string | null;
  readonly key: KeyObject;
  /** SHA-256 of the key: the same key in another file is the same. */
  readonly thumbprint: string;
}

const PEM = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g;

/**
 * The public keys of a file: a JWKS, or PEM with one or more public keys or certificates. Throws Problems for anything else,
 * also for private and symmetric keys, which have no place on a router.
 */
export function parseJwtKeys(text: string): readonly JwtKey[] {
  const keys = text.trimStart().startsWith('{') ? keysOfJwks(text) : keysOfPem(text);
  if (keys.length > 0) return keys;
  throw problem('holds no public key: expected a JWKS, or PEM', 'нет открытого ключа: нужен JWKS или PEM');
}

function keysOfJwks(text: string): JwtKey[] {
  return listOfJwks(text).map((jwk, index) => {
    const kid = typeof jwk.kid === 'string' ? jwk.kid : null;
    const name = kid ?? String(index + 1);
    if (jwk.kty === 'oct') {
      throw problem(`key ${name} is symmetric: use a public key`, `ключ ${name} симметричный: нужен открытый ключ`);
    }
    if (jwk.d !== undefined) throw privateKey(name);
    return keyOf(kid, name, () => createPublicKey({ key: jwk, format: 'jwk' }));
  });
}

function listOfJwks(text: string): Record<string, unknown>[] {
  let keys: unknown;
  try {
    keys = (JSON.parse(text) as { keys?: unknown }).keys;
  } catch (error) {
    const { message } = error as Error;
    throw problem(`is no JSON: ${message}`, `это не JSON: ${message}`);
  }
  if (Array.isArray(keys)) return keys;
  throw problem('is no JWKS: the list "keys" is missing', 'это не JWKS: нет списка "keys"');
}

function keysOfPem(text: string): JwtKey[] {
  return [...text.matchAll(PEM)].map(([pem], index) => {
    const name = String(index + 1);
    if (/PRIVATE KEY/.test(pem)) throw privateKey(name);
    return keyOf(null, name, () => createPublicKey(pem));
  });
}

function keyOf(kid: string | null, name: string, create: () => KeyObject): JwtKey {
  try {
    const key = create();
    const thumbprint = createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    return { kid, key, thumbprint };
  } catch (error) {
    const { message } = error as Error;
    throw problem(`key ${name} cannot be read: ${message}`, `ключ ${name} не читается: ${message}`);
  }
}

function privateKey(name: string): Problems {
  return problem(
    `key ${name} is private: keep it at the issuer and store its public key here`,
    `ключ ${name} закрытый: храните его у издателя, а здесь — его открытый ключ`,
  );
}

function problem(en: string, ru: string): Problems {
  return new Problems({ en, ru });
}
