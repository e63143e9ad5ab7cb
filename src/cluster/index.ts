export type { Carrier, CarrierEvents } from './carrier.ts';
export { type MemoryCarrier, MemoryNetwork } from './carriers/memory-carrier.ts';
export { Cluster, type ClusterOptions } from './cluster.ts';
export type { ClusterCounters } from './node-counters.ts';
export type { PeerNode, PeerState } from './peer-node.ts';
export { newInstanceId } from './tag.ts';
