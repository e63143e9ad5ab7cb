import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { explainSystemError, Problems } from '../text/index.ts';

/** Certificate and key for TLS handshakes. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Certificate authorities that must have issued client certificates; null if clients need none. */
  readonly clientCa: Buffer | null;
  /** Expiry of the server's certificate, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface TlsFiles {
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly tlsClientCa: string | null;
}

type ReadFile = (path: string) => Buffer;

/**
 * Reads and checks the TLS files: null without a certificate configured. Throws with file and cause when one is
 * unreadable, expired, not yet valid, no PEM, or when key and certificate do not belong together.
 */
export function loadTls(files: TlsFiles, readFile: ReadFile, now: number): TlsMaterial | null {
  const { tlsCert, tlsKey, tlsClientCa } = files;
  if (tlsCert === null || tlsKey === null) return null;
  const cert = readTlsFile(tlsCert, readFile);
  const key = readTlsFile(tlsKey, readFile);
  const clientCa = tlsClientCa === null ? null : readTlsFile(tlsClientCa, readFile);
  const certificate = parseCertificate(cert, tlsCert);
  checkValidity(certificate, tlsCert, now);
  checkPair(certificate, key, tlsCert, tlsKey);
  if (clientCa !== null && tlsClientCa !== null) parseCertificate(clientCa, tlsClientCa);
  try {
    createSecureContext({ cert, key, ...(clientCa === null ? {} : { ca: clientCa }) });
  } catch (error) {
    throw problem(tlsCert, `cannot be used: ${messageOf(error)}`, `нельзя использовать: ${messageOf(error)}`);
  }
  return { cert, key, clientCa, expiresAt: Date.parse(certificate.validTo) };
}

function readTlsFile(path: string, readFile: ReadFile): Buffer {
  try {
    return readFile(path);
  } catch (error) {
    const { en, ru } = explainSystemError(error);
    throw problem(path, `cannot be read: ${en}`, `не читается: ${ru}`);
  }
}

function parseCertificate(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw problem(path, 'not a certificate in PEM format', 'это не сертификат в формате PEM');
  }
}

function checkValidity(certificate: X509Certificate, path: string, now: number): void {
  const { validFrom, validTo } = certificate;
  if (now > Date.parse(validTo)) throw problem(path, `expired on ${validTo}`, `срок действия истёк: ${validTo}`);
  if (now < Date.parse(validFrom)) {
    throw problem(path, `not valid before ${validFrom}`, `ещё не действует, начало: ${validFrom}`);
  }
}

function checkPair(certificate: X509Certificate, key: Buffer, certPath: string, keyPath: string): void {
  const own = publicKeyOf(key, keyPath);
  const certified = certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (!own.equals(certified)) throw problem(keyPath, `not the key of ${certPath}`, `это не ключ от ${certPath}`);
}

function publicKeyOf(key: Buffer, path: string): Buffer {
  // via the private key: createPublicKey alone would also accept a certificate
  return createPublicKey(parsePrivateKey(key, path)).export({ type: 'spki', format: 'der' });
}

const PASSPHRASE_MARK = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** Parses the private key of a PEM file; throws Problems that name the fault. */
export function parsePrivateKey(key: Buffer, path: string): KeyObject {
  if (PASSPHRASE_MARK.test(key.toString('latin1'))) {
    const command = `openssl pkey -in ${path} -out plain.key`;
    throw problem(
      path,
      `protected by a passphrase, which a daemon cannot be asked for; write one without: ${command}`,
      `защищён паролем, а спросить его у daemon нельзя; сохраните ключ без пароля: ${command}`,
    );
  }
  try {
    return createPrivateKey(key);
  } catch (error) {
    const why = messageOf(error);
    throw problem(path, `not a private key in PEM format (${why})`, `это не закрытый ключ в формате PEM (${why})`);
  }
}

function problem(path: string, en: string, ru: string): Problems {
  return new Problems({ en: `${path}: ${en}`, ru: `${path}: ${ru}` });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
