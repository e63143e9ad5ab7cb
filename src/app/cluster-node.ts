import { hostname } from 'node:os';
import {
  type Carrier,
  Cluster,
  NatsCarrier,
  NatsSubjects,
  newInstanceId,
  SignedCarrier,
  UnixCarrier,
} from '../cluster/index.ts';
import { clusterServers, type RouterConfig, VERSION } from '../config/index.ts';
import type { Logger } from '../logging/index.ts';
import type { RouterCore } from '../router/index.ts';
import type { ClusterFiles } from './cluster-files.ts';
import { systemClock } from './core-dependencies.ts';

/** Identity of a router among the workers of one parent. */
export interface WorkerNode {
  readonly number: number;
  /** Folder of the Unix sockets between the workers. */
  readonly linkFolder: string;
}

export interface ClusterNodeOptions {
  readonly core: RouterCore;
  readonly config: RouterConfig;
  readonly files: ClusterFiles;
  readonly log: Logger;
  /** Null without workers. */
  readonly worker: WorkerNode | null;
}

/** Joins `core` with the other workers and, with `--cluster`, with other machines; null if neither applies. */
export function createClusterNode({ core, config, files, log, worker }: ClusterNodeOptions): Cluster | null {
  const instance = newInstanceId();
  const host = config.clusterNode ?? hostname();
  const label = worker === null ? host : `${host}/${worker.number}`;
  const carriers: Carrier[] = [];
  if (worker !== null) carriers.push(unixCarrier(worker.linkFolder, instance, log));
  if (config.cluster !== null) carriers.push(natsCarrier(config.cluster, { config, files, log }, instance, label));
  if (carriers.length === 0) return null;
  return new Cluster({
    core,
    carriers,
    clock: systemClock,
    log,
    instance,
    label,
    release: VERSION,
    stallTimeoutMs: config.clusterStallTimeoutMs,
  });
}

function unixCarrier(folder: string, instance: string, log: Logger): Carrier {
  return new UnixCarrier({
    folder,
    instance,
    clock: systemClock,
    onIssue: (issue) => log.warnOnce(`workers-${issue}`, 'Connection between workers', { issue }),
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
