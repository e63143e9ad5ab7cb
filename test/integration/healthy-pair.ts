import assert from 'node:assert/strict';
import { asMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import type { RouterProcess } from '../support/router-process.ts';

/**
 * True when the suite runs on `--transport grpc-js`, which reassembles messages itself: the router's checks of partial messages
 * and of the compressed flag do not apply.
 */
export const IS_GRPC_JS = /--transport[ =]grpc-js/.test(process.env.ROUTER_TEST_ARGS ?? '');

/** Two clients that exchange messages one by one while another client misbehaves. */
export class HealthyPair {
  exchanged = 0;
  private running = true;
  private readonly done: Promise<void>;
  private readonly a: DartClient;
  private readonly b: DartClient;

  private constructor(a: DartClient, b: DartClient) {
    this.a = a;
    this.b = b;
    this.done = this.exchange();
    this.done.catch(() => {}); // reported by `assertServed`
  }

  static async join(port: number): Promise<HealthyPair> {
    return new HealthyPair(await DartClient.join(port), await DartClient.join(port));
  }

  /** Asserts that both clients were served all the time on their first connections. */
  async assertServed(): Promise<void> {
    this.running = false;
    await this.done;
    assert.ok(this.exchanged > 0);
    assert.equal(await this.a.canReach(this.b.id), true);
    this.a.connection.destroy();
    this.b.connection.destroy();
  }

  private async exchange(): Promise<void> {
    while (this.running) {
      const n = this.exchanged;
      this.a.unicast(this.b.id, { n });
      await this.b.next(({ payload }) => asMap(payload).n === n, 10_000);
      this.exchanged++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Resident memory of the router, in bytes. */
export async function rssOf(router: RouterProcess): Promise<number> {
  return (await router.status()).memory.rssBytes;
}
