import { hostname } from 'node:os';
import { type Carrier, Cluster, NatsCarrier, NatsSubjects, newInstanceId, SignedCarrier } from '../cluster/index.ts';
import { clusterServers, type RouterConfig, VERSION } from '../config/index.ts';
import type { Logger } from '../logging/index.ts';
import type { RouterCore } from '../router/index.ts';
import type { ClusterFiles } from './cluster-files.ts';
import { systemClock } from './core-dependencies.ts';

export interface ClusterNodeOptions {
  readonly core: RouterCore;
  readonly config: RouterConfig;
  readonly files: ClusterFiles;
  readonly log: Logger;
}

/** Joins `core` with other routers by `--cluster`; null without it. */
export function createClusterNode({ core, config, files, log }: ClusterNodeOptions): Cluster | null {
  if (config.cluster === null) return null;
  const instance = newInstanceId();
  const label = config.clusterNode ?? hostname();
  return new Cluster({
    core,
    carriers: [natsCarrier(config.cluster, { config, files, log }, instance, label)],
    clock: systemClock,
    log,
    instance,
    label,
    release: VERSION,
    stallTimeoutMs: config.clusterStallTimeoutMs,
  });
}

function natsCarrier(
  cluster: string,
  { config, files, log }: Pick<ClusterNodeOptions, 'config' | 'files' | 'log'>,
  instance: string,
  label: string,
): Carrier {
  const nats = new NatsCarrier({
    subjects: new NatsSubjects(config.clusterPrefix, config.clusterName, instance),
    servers: clusterServers(cluster),
    name: `rpc-dart-router ${label}`,
    access: files.access,
    clock: systemClock,
    onIssue: (issue) => log.warnOnce(`nats-${issue}`, 'NATS', { issue }),
    onConnected: (server) => log.info('Connected to NATS', { server }),
  });
  if (files.secret === null) return nats;
  return new SignedCarrier(nats, files.secret, () =>
    log.warnOnce('cluster-signature', 'Message without a valid signature dropped: check --cluster-secret-file'),
  );
}
