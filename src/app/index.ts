export { CAPABILITIES, type Capabilities, probeCapabilities } from './capabilities.ts';
export { type ClusterProblem, checkClusterServers } from './check-cluster-servers.ts';
export { checkConfig } from './check-config.ts';
export { type ClusterFiles, loadClusterFiles } from './cluster-files.ts';
export type { WorkerNode } from './cluster-node.ts';
export { RouterApp } from './router-app.ts';
export { runRouter } from './run.ts';
export { forbiddenModes, isRefusedWhenOpen, openTo } from './secret-files.ts';
export { checkTokensFile, isTokensOption, loadSecurity, type SecurityFiles } from './security-files.ts';
