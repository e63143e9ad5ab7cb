/** Another router of the cluster. */
export interface NodeStats {
  readonly label: string;
  readonly state: 'joining' | 'up' | 'suspect';
  /** Version of its program. */
  readonly release: string;
  readonly clients: number;
  /** Time without an acknowledgement while something is unacknowledged. */
  readonly lagMs: number;
  readonly unacknowledgedBytes: number;
  readonly clockOffsetMs: number;
}

/** Problems between routers, as counted since the start. */
export const CLUSTER_PROBLEMS = [
  'outages',
  'nodesLost',
  'stalls',
  'messagesLost',
  'resets',
  'resyncs',
  'retransmitted',
  'repeated',
  'gaps',
  'incompatible',
  'unknownFrames',
] as const;
export type ClusterProblem = (typeof CLUSTER_PROBLEMS)[number];

/** Read-only view of a cluster. */
export interface ClusterStats {
  /** Name of this router. */
  readonly label: string;
  /** False for workers of one host that are joined without NATS. */
  readonly usesNats: boolean;
  readonly isConnected: boolean;
  nodes(): readonly NodeStats[];
  totals(): {
    readonly messagesIn: number;
    readonly messagesOut: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  };
  problems(): Readonly<Record<ClusterProblem, number>>;
}

/** The part of the status document about the cluster. */
export interface ClusterStatus {
  readonly label: string;
  readonly connected: boolean;
  readonly nodes: readonly NodeStats[];
  readonly problems: Readonly<Record<string, number>>;
}

export function clusterStatus(stats: ClusterStats): ClusterStatus {
  const problems = Object.entries(stats.problems()).filter(([, count]) => count > 0);
  return {
    label: stats.label,
    connected: stats.isConnected,
    nodes: stats.nodes(),
    problems: Object.fromEntries(problems),
  };
}
