import type { AddressInfo } from 'node:net';
import type { RouterConfig } from '../config/index.ts';
import type { Logger } from '../logging/index.ts';
import { checkPidFile, removePidFile, writePidFile, writePortsFile } from './process-files.ts';

/** Announces a listening router to operators and commands: pid file, ports file and log lines. */
export class ReadyNotice {
  private readonly config: Pick<RouterConfig, 'pidFile' | 'portsFile'>;
  private readonly instanceId: string;
  private readonly log: Logger;

  constructor(config: Pick<RouterConfig, 'pidFile' | 'portsFile'>, instanceId: string, log: Logger) {
    this.config = config;
    this.instanceId = instanceId;
    this.log = log;
  }

  /** Throws when another running router holds the pid file, or when it cannot be written. */
  check(): void {
    if (this.config.pidFile !== null) checkPidFile(this.config.pidFile);
  }

  /** Writes the files and logs that the router is ready. */
  publish(address: AddressInfo, metricsPort: number | null): void {
    const { pidFile, portsFile } = this.config;
    if (pidFile !== null) writePidFile(pidFile);
    this.log.info('RPC Dart Router daemon ready');
    this.log.info(`HTTP/2 gRPC server listening on ${describe(address)}`);
    this.log.info('Ready to accept connections');
    if (portsFile === null) return;
    const { instanceId } = this;
    writePortsFile(portsFile, { pid: process.pid, instanceId, grpc: address.port, metrics: metricsPort });
  }

  /** Removes the pid file. */
  withdraw(): void {
    try {
      if (this.config.pidFile !== null) removePidFile(this.config.pidFile);
    } catch (error) {
      this.log.warning('Pid file not removed', { error: (error as Error).message });
    }
  }
}

function describe({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
