import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiAnswer, ApiDependencies, ApiRequest, ApiServer, LocalApi } from '../api/index.ts';
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

/**
 * The HTTP API of a router: on its own port, if it is on, and on the control socket. Its modules take a third of a start, so
 * they are loaded with the port or by the first command.
 */
export class ApiEndpoint {
  private readonly deps: ApiEndpointDependencies;
  private readonly operator: Operator;
  private files: SecurityFiles;
  private server: ApiServer | null = null;
  private local: Promise<LocalApi> | null = null;

  constructor(deps: ApiEndpointDependencies, files: SecurityFiles) {
    this.deps = deps;
    this.files = files;
    this.operator = new Operator(deps.core, () => `operator-${randomUUID()}`);
  }

  /** Opens the port; returns its address, or null without an API. Rejects with Node's error. */
  async start(): Promise<RouterStatus['listening'][number] | null> {
    const { log, config } = this.deps;
    const { api, apiHost, apiPort, apiOrigins: origins } = config();
    if (!api) return null;
    const { ApiServer: Server } = await import('../api/index.ts');
    const isLocal = isLoopback(apiHost);
    const access = {
      tokens: () => this.files.apiTokens,
      origins: apiOrigins(origins),
      onlyLoopbackNames: isLocal,
    };
    const tls = isLocal ? null : this.files.tls;
    this.server = await Server.listen({ ...this.common(), ...access }, apiHost, apiPort, tls);
    log.info(`HTTP API on ${this.server.url}/api/v1`);
    const { address, port } = this.server.address;
    return { purpose: 'api', host: address, port };
  }

  /** Serves a request on the control socket, which only the user of the router can open. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    this.localApi().then(
      (api) => api.handle(request, response),
      () => response.destroy(),
    );
  }

  /** Answers a request that came over another way than HTTP. */
  async answer(request: ApiRequest): Promise<ApiAnswer> {
    return (await this.localApi()).answer(request);
  }

  /** Applies renewed tokens and certificates. */
  reload(files: SecurityFiles): void {
    this.files = files;
    if (files.tls !== null) this.server?.replaceTls(files.tls);
  }

  async stop(): Promise<void> {
    await this.server?.close();
    await (await this.local)?.close();
  }

  private localApi(): Promise<LocalApi> {
    this.local ??= import('../api/index.ts').then(({ LocalApi: Local }) => Local.create(this.common()));
    return this.local;
  }

  private common(): Omit<ApiDependencies, 'tokens' | 'origins' | 'onlyLoopbackNames'> {
    const { core, counters, log, status, config, drain } = this.deps;
    return {
      core,
      operator: this.operator,
      counters,
      log,
      status: () => JSON.parse(JSON.stringify(status())),
      config: () => describeConfig(config()),
      drain,
      version: VERSION,
    };
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
