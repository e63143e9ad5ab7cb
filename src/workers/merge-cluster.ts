import type { ClusterStatus, NodeStats } from '../telemetry/index.ts';

/** The cluster as seen by all workers: without the workers themselves, which are nodes as well. Null when none is in one. */
export function mergeCluster(label: string, parts: readonly ClusterStatus[]): ClusterStatus | null {
  if (parts.length === 0) return null;
  const own = new Set(parts.map((part) => part.label));
  const nodes = new Map<string, NodeStats>();
  const problems: Record<string, number> = {};
  for (const part of parts) {
    for (const node of part.nodes) {
      if (own.has(node.label)) continue;
      const known = nodes.get(node.label);
      nodes.set(node.label, known === undefined ? node : worseOf(known, node));
    }
    for (const [kind, count] of Object.entries(part.problems)) problems[kind] = (problems[kind] ?? 0) + count;
  }
  return { label, connected: parts.every(({ connected }) => connected), nodes: [...nodes.values()], problems };
}

const BY_STATE = ['up', 'joining', 'suspect'] as const;

/** One node as two workers see it. */
function worseOf(a: NodeStats, b: NodeStats): NodeStats {
  return {
    ...a,
    state: BY_STATE.indexOf(a.state) > BY_STATE.indexOf(b.state) ? a.state : b.state,
    lagMs: Math.max(a.lagMs, b.lagMs),
    unacknowledgedBytes: a.unacknowledgedBytes + b.unacknowledgedBytes,
  };
}
