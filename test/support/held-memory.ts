import { DartClient } from './dart-client.ts';

const MEBIBYTE = 1024 * 1024;
const MESSAGES_PER_READER = 3;

/** Memory that a router holds for clients that do not read: three messages of nearly 1 MiB each, below the default limits. */
export class HeldMemory implements Disposable {
  private readonly clients: readonly DartClient[];

  private constructor(clients: readonly DartClient[]) {
    this.clients = clients;
  }

  /**
   * Makes the router at `port` hold about `mebibytes` until its `--write-deadline`. Ends early when the router goes down, as
   * one beyond its memory limit does.
   */
  static async of(port: number, mebibytes: number): Promise<HeldMemory> {
    const sender = await DartClient.join(port);
    const clients = [sender];
    const blob = Buffer.alloc(MEBIBYTE - 4096);
    for (let held = 0; held < mebibytes; held += MESSAGES_PER_READER) {
      const reader = await DartClient.join(port).catch(() => null);
      if (reader === null) break;
      reader.stopReading();
      for (let n = 0; n < MESSAGES_PER_READER; n++) sender.unicast(reader.id, { blob });
      clients.push(reader);
    }
    return new HeldMemory(clients);
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) client.connection.destroy();
  }
}
