import { Latencies } from './latencies.ts';
import type { LoadConnection } from './load-client.ts';
import type { FanOut, Pair } from './servers.ts';

/** Result of a load: its duration and the latencies of its messages. */
export interface LoadResult {
  readonly messages: number;
  readonly seconds: number;
  readonly latencies: Latencies;
}

/** Time limit of one load, so that a lost message does not block the bench. */
const LIMIT_MS = 60_000;

/** Sends `total` messages, `outstanding` at a time on each pair: each arrival triggers the next send. */
export function closedLoop(pairs: readonly Pair[], outstanding: number, total: number): Promise<LoadResult> {
  const latencies = new Latencies(total);
  return run(total, latencies, pairs.flatMap(bothEnds), (arrived) => {
    let left = total;
    for (const { sender, receiver, frame } of pairs) {
      const block = Buffer.concat(Array.from({ length: outstanding }, () => frame));
      const sentAt = new SendTimes();
      const send = (wanted: number): void => {
        const count = Math.min(wanted, left);
        if (count === 0) return;
        left -= count;
        sentAt.add(count);
        sender.send(block, frame.length, count);
      };
      receiver.onMessages = (count) => {
        sentAt.arrived(count, latencies);
        send(count);
        arrived(count);
      };
      send(outstanding);
    }
  });
}

/**
 * Sends `ratePerSecond` messages for `seconds`, evenly spaced over all pairs, independently of arrivals. With `spins` it
 * busy-waits on its own core, so that pacing is exact and adds no wake-up to the measured process.
 */
export function paced(
  pairs: readonly Pair[],
  ratePerSecond: number,
  seconds: number,
  spins = true,
): Promise<LoadResult> {
  const total = Math.round(ratePerSecond * seconds);
  const latencies = new Latencies(total);
  return run(total, latencies, pairs.flatMap(bothEnds), (arrived) => {
    const sentAt = pairs.map(() => new SendTimes());
    pairs.forEach(({ receiver }, index) => {
      receiver.onMessages = (count) => {
        sentAt[index]?.arrived(count, latencies);
        arrived(count);
      };
    });
    const startedMs = performance.now();
    let sent = 0;
    const tick = (): void => {
      while (sent < total && startedMs + (sent * 1000) / ratePerSecond <= performance.now()) {
        const index = sent++ % pairs.length;
        const { sender, frame } = pairs[index] as Pair;
        sentAt[index]?.add(1);
        sender.send(frame, frame.length, 1);
      }
      if (sent >= total) return;
      if (spins) setImmediate(tick);
      else setTimeout(tick, 1);
    };
    tick();
  });
}

/** Sends `broadcasts`, `outstanding` at a time; counts deliveries. */
export function broadcastLoop(fanOut: FanOut, outstanding: number, broadcasts: number): Promise<LoadResult> {
  const { sender, receivers, frame } = fanOut;
  const total = broadcasts * receivers.length;
  const latencies = new Latencies(total);
  return run(total, latencies, [sender, ...receivers], (arrived) => {
    const sentAtMs: number[] = [];
    let received = 0;
    const send = (): void => {
      while (sentAtMs.length < broadcasts && sentAtMs.length - Math.floor(received / receivers.length) < outstanding) {
        sentAtMs.push(performance.now());
        sender.send(frame, frame.length, 1);
      }
    };
    for (const receiver of receivers) {
      let own = 0;
      receiver.onMessages = (count) => {
        const now = performance.now();
        for (let i = 0; i < count; i++) latencies.add(now - (sentAtMs[own++] as number));
        received += count;
        arrived(count);
        send();
      };
    }
    send();
  });
}

/** Send times of the messages in flight, first in first out. */
class SendTimes {
  private times: number[] = [];
  private next = 0;

  add(count: number): void {
    const now = performance.now();
    for (let i = 0; i < count; i++) this.times.push(now);
  }

  arrived(count: number, latencies: Latencies): void {
    const now = performance.now();
    for (let i = 0; i < count; i++) latencies.add(now - (this.times[this.next++] as number));
    if (this.next < this.times.length) return;
    this.times = [];
    this.next = 0;
  }
}

function bothEnds({ sender, receiver }: Pair): LoadConnection[] {
  return [sender, receiver];
}

/** Starts a load and waits for `total` messages; fails when one of `clients` loses its connection. */
function run(
  total: number,
  latencies: Latencies,
  clients: readonly LoadConnection[],
  start: (arrived: (count: number) => void) => void,
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    let left = total;
    const limit = setTimeout(() => reject(new Error(`${left} of ${total} messages did not arrive`)), LIMIT_MS);
    for (const client of clients)
      client.onLost = (reason) => reject(new Error(`a client lost its connection: ${reason}`));
    start((count) => {
      left -= count;
      if (left > 0) return;
      clearTimeout(limit);
      resolve({ messages: total, seconds: (performance.now() - startedMs) / 1000, latencies });
    });
  });
}
