import type { RouterStatus } from '../../src/telemetry/index.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { BootedSystem, type Outcome } from './booted-system.ts';
import type { Release, Releases } from './releases.ts';

export const SERVICE = 'rpc-dart-router';
export const CONFIG = '/etc/rpc-dart-router/config.yaml';
export const LOG = '/var/log/rpc-dart-router/router.log';
export const PID_FILE = '/var/run/rpc-dart-router/rpc_dart_router.pid';
export const PM2_PID_FILE = '/var/lib/rpc-dart-router/.pm2/pm2.pid';
export const CONTROL_SOCKET = '/var/run/rpc-dart-router/rpc_dart_router.sock';
const HEALTH_CHECK = '/opt/rpc-dart-router/current/scripts/lib/health-check.mjs';
/** Generous, since the host of the tests may be slow. */
export const SLOW = { limitMs: 60_000, everyMs: 200 } as const;

/** A server with the releases in /root, and the actions of an operator. */
export class Machine {
  readonly system: BootedSystem;
  private readonly clients: DartClient[] = [];
  private forwarded: number | null = null;

  constructor(name: string) {
    this.system = new BootedSystem(name);
  }

  /** A pristine Debian. */
  async boot(): Promise<void> {
    await this.system.boot();
  }

  async unpack({ first, next, broken }: Releases): Promise<void> {
    for (const release of [first, next, broken]) await this.system.copy(release.folder, `/root/${release.id}`);
  }

  /** Runs the installer of a release. */
  async install(release: Release, options = '', environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return this.system.try(`bash /root/${release.id}/scripts/install-production.sh ${options}`, environment);
  }

  run(script: string): Promise<string> {
    return this.system.run(script);
  }

  try(script: string): Promise<Outcome> {
    return this.system.try(script);
  }

  /** Writes a text file. */
  write(path: string, content: string): Promise<void> {
    return this.system.write(path, content);
  }

  /** State of the service in systemd, for example `active`. */
  async property(name: string): Promise<string> {
    return this.run(`systemctl show -P ${name} ${SERVICE}`);
  }

  /** Status document of the router; throws without a response. */
  async status(): Promise<RouterStatus> {
    return JSON.parse(await this.run(`curl -sf --unix-socket ${CONTROL_SOCKET} http://router/api/status`));
  }

  /** Waits until the service is active and another router process than `before` serves. */
  async untilBack(before: number | null = null): Promise<RouterStatus> {
    return poll(
      'the service is back',
      async () => {
        const { stdout } = await this.try(
          `systemctl is-active -q ${SERVICE} && node ${HEALTH_CHECK} ${CONTROL_SOCKET}`,
        );
        if (!stdout.includes('pid')) return null;
        const status = await this.status();
        return status.pid === before ? null : status;
      },
      SLOW,
    );
  }

  /** Lines of the service's journal, without their heads. `options` go to journalctl. */
  async journal(options = '-b'): Promise<string> {
    return this.run(`journalctl -u ${SERVICE} -o cat --no-pager ${options}`);
  }

  /** A position for `journal`: entries from now on. */
  async mark(): Promise<string> {
    await this.run('journalctl --sync');
    const cursor = await this.run('journalctl -n 0 --show-cursor | sed -n "s/^-- cursor: //p"');
    return `--after-cursor="${cursor}"`;
  }

  /** Sets an option in config.yaml; adds it if absent. */
  async setOption(key: string, value: string): Promise<void> {
    await this.run(`sed -i '/^${key}:/d' ${CONFIG} && echo '${key}: ${value}' >>${CONFIG}`);
  }

  /** A local port that forwards to that of the router. */
  async reachablePort(): Promise<number> {
    this.forwarded ??= await this.system.forward(8080);
    return this.forwarded;
  }

  /** A client of the router, registered; it is closed after the tests. */
  async join(name: string): Promise<DartClient> {
    const client = await DartClient.join(await this.reachablePort(), { clientName: name });
    this.clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.connection.destroy();
    await this.system.stop();
  }
}
