import { createHash, X509Certificate } from 'node:crypto';
import type { TokenDigests } from '../access/index.ts';
import type { RouterConfig } from '../config/index.ts';
import type { LogFields } from '../logging/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import type { SecurityFiles } from './security-files.ts';

type InForce = RouterStatus['reload']['inForce'];
type Change = RouterStatus['reload']['changes'][number];

/** Length of a shortened SHA-256 fingerprint. */
const FINGERPRINT_CHARS = 16;

/** Describes the certificate and tokens in use, without secrets. */
export function describeInForce({ tls, access }: SecurityFiles): InForce {
  const certificate = tls === null ? null : new X509Certificate(tls.cert);
  return {
    certificateSubject: certificate === null ? null : subjectOf(certificate),
    certificateExpiresAt: tls?.expiresAt ?? null,
    clientCaSubject: tls?.clientCa == null ? null : subjectOf(new X509Certificate(tls.clientCa)),
    tokens: access?.size ?? null,
  };
}

/** Logs the certificate and tokens in use. Without both, a warning is logged elsewhere. */
export function logInForce(log: { info(message: string, fields?: LogFields): void }, inForce: InForce): void {
  const { certificateSubject, certificateExpiresAt, clientCaSubject, tokens } = inForce;
  if (certificateSubject === null && tokens === null) return;
  log.info('Security in force', {
    certificate: certificateSubject ?? 'none',
    ...(certificateExpiresAt !== null && { expires: new Date(certificateExpiresAt).toISOString() }),
    clientCa: clientCaSubject ?? 'none',
    tokens: tokens ?? 'none',
  });
}

/** Files whose content changed under the same path. A changed path is a change of the configuration. */
export function fileChanges(config: RouterConfig, old: SecurityFiles, next: SecurityFiles): Change[] {
  const changed = (path: string | null): boolean =>
    path !== null && old.digests.has(path) && old.digests.get(path) !== next.digests.get(path);
  const changes: Change[] = [];
  const note = (key: string, path: string | null, describe: (files: SecurityFiles, path: string) => string): void => {
    if (path !== null && changed(path)) changes.push({ key, from: describe(old, path), to: describe(next, path) });
  };
  note('tls-cert', config.tlsCert, ({ tls }) => describeCertificate(tls?.cert));
  note('tls-key', config.tlsKey, ({ tls }) => describePublicKey(tls?.cert));
  note('tls-client-ca', config.tlsClientCa, ({ tls }) => describeCertificate(tls?.clientCa));
  if (changed(config.authTokensFile)) {
    const difference = describeDifference(old.tokens ?? new Map(), next.tokens ?? new Map());
    const to = `${next.tokens?.size ?? 0}${difference}`;
    changes.push({ key: 'auth-tokens-file', from: String(old.tokens?.size ?? 0), to });
  }
  note('access-file', config.accessFile, describeAccess);
  for (const { keysFile } of next.accessFile?.issuers ?? []) note('keys-file', keysFile, describeFile);
  note('api-tokens-file', config.apiTokensFile, ({ apiTokens }) => String(apiTokens?.size ?? 0));
  return changes;
}

/** `sha256:0123456789abcdef`. */
function describeFile({ digests }: SecurityFiles, path: string): string {
  return `sha256:${(digests.get(path) ?? '').slice(0, FINGERPRINT_CHARS)}`;
}

/** `roles 2, tokens 5, sha256:0123456789abcdef`. */
function describeAccess(files: SecurityFiles, path: string): string {
  const { accessFile } = files;
  const counts = `roles ${accessFile?.roles.size ?? 0}, tokens ${accessFile?.tokens.length ?? 0}, issuers ${accessFile?.issuers.length ?? 0}`;
  return `${counts}, ${describeFile(files, path)}`;
}

/** `CN=router, 2026-11-27, sha256:0123456789abcdef`. */
function describeCertificate(pem: Buffer | null | undefined): string {
  if (pem == null) return '';
  const certificate = new X509Certificate(pem);
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase().slice(0, FINGERPRINT_CHARS);
  const until = new Date(certificate.validTo).toISOString().slice(0, 10);
  return `${subjectOf(certificate)}, ${until}, sha256:${fingerprint}`;
}

/** A private key is described by its public key, which is that of the certificate. */
function describePublicKey(cert: Buffer | undefined): string {
  if (cert === undefined) return '';
  const der = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex').slice(0, FINGERPRINT_CHARS)}`;
}

/** The subject in one line. Short-lived certificates may have only alternative names. */
function subjectOf(certificate: X509Certificate): string {
  return (certificate.subject || certificate.subjectAltName || '').replaceAll('\n', ', ');
}

/** ` (+1 -2 ~3)`: tokens added, removed, and changed under the same name. */
function describeDifference(old: TokenDigests, next: TokenDigests): string {
  const added = [...next.keys()].filter((name) => !old.has(name)).length;
  const removed = [...old.keys()].filter((name) => !next.has(name)).length;
  const changed = [...next].filter(([name, digest]) => old.get(name)?.equals(digest) === false).length;
  const parts = [added > 0 ? `+${added}` : '', removed > 0 ? `-${removed}` : '', changed > 0 ? `~${changed}` : ''];
  const listed = parts.filter((part) => part !== '').join(' ');
  return listed === '' ? '' : ` (${listed})`;
}
