import type { NatsAccess } from '../cluster/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { Problems } from '../text/index.ts';

/** The secrets of a cluster, read from their files. */
export interface ClusterFiles {
  readonly access: NatsAccess;
  /** Signs the messages between nodes; null without one. */
  readonly secret: Buffer | null;
}

const MIN_SECRET_BYTES = 32;

/** Reads the files of the cluster with `read`, which throws a problem that names the file. */
export function loadClusterFiles(config: RouterConfig, read: (path: string) => Buffer): ClusterFiles {
  const optional = (path: string | null): Buffer | null => (path === null ? null : read(path));
  const text = (path: string | null): string | undefined => optional(path)?.toString('utf8');
  const { clusterUserFile, clusterSecretFile } = config;
  const secret = optional(clusterSecretFile);
  if (secret !== null && secret.length < MIN_SECRET_BYTES) {
    throw new Problems({
      en: `${clusterSecretFile}: a cluster secret needs at least ${MIN_SECRET_BYTES} bytes, got ${secret.length}; run: openssl rand -out ${clusterSecretFile} ${MIN_SECRET_BYTES}`,
      ru: `${clusterSecretFile}: секрет кластера должен иметь не менее ${MIN_SECRET_BYTES} байт, в нём ${secret.length}; выполните: openssl rand -out ${clusterSecretFile} ${MIN_SECRET_BYTES}`,
    });
  }
  const ca = text(config.clusterTlsCa);
  const cert = text(config.clusterTlsCert);
  const key = text(config.clusterTlsKey);
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return {
    secret,
    access: {
      user: clusterUserFile === null ? null : parseUser(clusterUserFile, read(clusterUserFile).toString('utf8')),
      nkeySeed: trimmed(optional(config.clusterNkeyFile)),
      credentials: optional(config.clusterCredsFile),
      tls: Object.keys(tls).length === 0 ? null : tls,
    },
  };
}

function parseUser(path: string, content: string): { name: string; password: string } {
  const line = content.trim();
  const colon = line.indexOf(':');
  if (colon > 0 && !line.includes('\n')) return { name: line.slice(0, colon), password: line.slice(colon + 1) };
  throw new Problems({
    en: `${path}: expected one line user:password`,
    ru: `${path}: нужна одна строка user:password`,
  });
}

function trimmed(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.toString('utf8').trim());
}
