import { DartClient } from '../support/dart-client.ts';

const EVERY_MS = 20;

/** Clients that keep sending every kind of message, also invalid ones, so that all counters change. */
export class Load implements Disposable {
  readonly clients: readonly DartClient[];
  private readonly timer: NodeJS.Timeout;
  private sent = 0;

  private constructor(clients: readonly DartClient[]) {
    this.clients = clients;
    this.timer = setInterval(() => this.send(), EVERY_MS);
  }

  static async start(port: number, count = 6): Promise<Load> {
    const names = Array.from({ length: count }, (_, i) => `phone-${i}`);
    const join = (clientName: string) => DartClient.join(port, { clientName, groups: ['phones'] });
    return new Load(await Promise.all(names.map(join)));
  }

  private send(): void {
    const n = this.sent++;
    const from = this.clients[n % this.clients.length] as DartClient;
    const to = this.clients[(n + 1) % this.clients.length] as DartClient;
    const common = { senderId: from.id, payload: { n }, timestamp: Date.now() };
    from.unicast(to.id, { n });
    if (n % 5 === 0) from.send({ ...common, type: 'multicast', groupName: 'phones' });
    if (n % 10 === 0) from.send({ ...common, type: 'broadcast' });
    // the last message is truncated
    if (n % 10 === 2) from.ping().catch(() => {});
    if (n % 10 === 5) from.unicast('client_nobody', { n });
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
    for (const client of this.clients) client.connection.destroy();
  }
}
