import type { Cluster } from '../cluster/index.ts';
import type { ClusterProblem, ClusterStats, NodeStats } from '../telemetry/index.ts';

/** `cluster` as telemetry reads it. */
export function clusterStats(cluster: Cluster, usesNats: boolean): ClusterStats {
  const { counters, clock } = cluster;
  return {
    label: cluster.label,
    usesNats,
    get isConnected() {
      return cluster.isConnected;
    },
    nodes: () =>
      [...cluster.nodes].map(
        ({ label, state, release, directory, link, clockOffsetMs }): NodeStats => ({
          label,
          state,
          release,
          clients: directory.count,
          lagMs: Math.round(link.sender.lagMs(clock.monotonicMs())),
          unacknowledgedBytes: link.sender.unacknowledgedBytes,
          clockOffsetMs,
        }),
      ),
    totals: () => counters,
    problems: () => problemsOf(cluster),
  };
}

function problemsOf({ counters, nodes }: Cluster): Record<ClusterProblem, number> {
  const problems = {
    outages: counters.outages,
    nodesLost: counters.peersLost,
    stalls: counters.stalls,
    messagesLost: counters.messagesLost,
    resets: counters.resets,
    resyncs: counters.resyncs,
    retransmitted: counters.retransmitted,
    repeated: counters.repeated,
    gaps: counters.gaps,
    incompatible: counters.incompatiblePeers,
    unknownFrames: counters.unknownFrames,
  };
  for (const { link } of nodes) {
    problems.retransmitted += link.sender.retransmitted;
    problems.repeated += link.receiver.repeated;
    problems.gaps += link.receiver.gaps;
  }
  return problems;
}
