import { randomUUID } from 'node:crypto';
import type { ApiServer } from '../api/index.ts';
import {
  apiOrigins,
  configName,
  formatValue,
  isLoopback,
  OPTIONS,
  type Option,
  type RouterConfig,
  VERSION,
} from '../config/index.ts';
import type { Logger } from '../logging/index.ts';
import { Operator, type RouterCore } from '../router/index.ts';
import type { ApiCounters, RouterStatus } from '../telemetry/index.ts';
import type { SecurityFiles } from './security-files.ts';

export interface ApiEndpointDependencies {
  readonly core: RouterCore;
  readonly log: Logger;
  readonly counters: ApiCounters;
  readonly config: () => RouterConfig;
  readonly status: () => RouterStatus;
  readonly drain: () => void;
}

/** The HTTP API of a router, if it is on. Its modules are loaded only then: they take a third of a start. */
export class ApiEndpoint {
  private readonly deps: ApiEndpointDependencies;
  private files: SecurityFiles;
  private server: ApiServer | null = null;

  constructor(deps: ApiEndpointDependencies, files: SecurityFiles) {
    this.deps = deps;
    this.files = files;
  }

  /** Opens the port; returns its address, or null without an API. Rejects with Node's error. */
  async start(): Promise<RouterStatus['listening'][number] | null> {
    const { core, log, counters, config, status, drain } = this.deps;
    const { api, apiHost, apiPort, apiOrigins: origins } = config();
    if (!api) return null;
    const { ApiServer: Server } = await import('../api/index.ts');
    const isLocal = isLoopback(apiHost);
    this.server = await Server.listen(
      {
        core,
        operator: new Operator(core, () => `operator-${randomUUID()}`),
        counters,
        log,
        tokens: () => this.files.apiTokens,
        status: () => JSON.parse(JSON.stringify(status())),
        config: () => describeConfig(config()),
        drain,
        origins: apiOrigins(origins),
        onlyLoopbackNames: isLocal,
        version: VERSION,
      },
      apiHost,
      apiPort,
      isLocal ? null : this.files.tls,
    );
    log.info(`HTTP API on ${this.server.url}/api/v1`);
    const { address, port } = this.server.address;
    return { purpose: 'api', host: address, port };
  }

  /** Applies renewed tokens and certificates. */
  reload(files: SecurityFiles): void {
    this.files = files;
    if (files.tls !== null) this.server?.replaceTls(files.tls);
  }

  async stop(): Promise<void> {
    await this.server?.close();
  }
}

/** Options as the configuration file writes them. They contain no secrets: tokens and keys stay in their files. */
function describeConfig(config: RouterConfig): Record<string, { value: string; isDefault: boolean }> {
  const shown = (OPTIONS as readonly Option[]).filter(
    ({ scope, flagOnly }) => scope !== 'command' && flagOnly !== true,
  );
  return Object.fromEntries(
    shown.map((option) => {
      const value = config[configName(option)];
      return [option.key, { value: formatValue(option, value), isDefault: value === option.default }];
    }),
  );
}
