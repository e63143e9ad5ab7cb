import assert from 'node:assert/strict';
import { Cluster, type ClusterOptions } from '../../src/cluster/index.ts';
import type { Limits } from '../../src/router/index.ts';
import { FakeClock } from './fake-clock.ts';
import { type MemoryCarrier, MemoryNetwork } from './memory-carrier.ts';
import { RouterHarness } from './router-harness.ts';

/** A network in which a test can drop, repeat, reorder and delay messages. */
export class FaultyNetwork extends MemoryNetwork {
  /** Number of deliveries of a message. */
  copies: (from: string, to: string) => number = () => 1;
  /** Additional delay. */
  delayMs: (from: string, to: string) => number = () => 0;
  lost = 0;
  private readonly clock: FakeClock;

  constructor(clock: FakeClock) {
    super((run) => clock.atTickEnd(run));
    this.clock = clock;
  }

  override deliver(from: string, peer: string, bytes: Buffer): void {
    this.pass(from, peer, () => super.deliver(from, peer, bytes));
  }

  override deliverAnnouncement(from: string, peer: string, bytes: Buffer): void {
    this.pass(from, peer, () => super.deliverAnnouncement(from, peer, bytes));
  }

  /** Isolates the node silently; undefined reconnects all. */
  isolate(...instances: string[]): void {
    this.copies = (from, to) => (instances.includes(from) !== instances.includes(to) ? 0 : 1);
  }

  private pass(from: string, to: string, deliver: () => void): void {
    const copies = this.copies(from, to);
    if (copies === 0) this.lost++;
    for (let i = 0; i < copies; i++) {
      const delayMs = this.delayMs(from, to);
      if (delayMs > 0) this.clock.after(delayMs, deliver);
      else deliver();
    }
  }
}

/** One node: a router and its cluster. */
export interface TestNode extends RouterHarness {
  readonly cluster: Cluster;
  readonly carrier: MemoryCarrier;
  readonly instance: string;
  /** Whether `cluster.start` has resolved. */
  hasStarted: boolean;
}

/** Several routers that are joined in memory, with one clock. */
export class ClusterHarness {
  readonly clock = new FakeClock();
  readonly network = new FaultyNetwork(this.clock);
  readonly nodes: TestNode[] = [];

  constructor(count: number, limits: Partial<Limits> = {}) {
    for (let i = 0; i < count; i++) this.add(`n${i}`, {}, limits);
    this.settle(1000);
    for (const node of this.nodes) assert.equal([...node.cluster.nodes].length, count - 1, 'each node sees the others');
  }

  /** Starts a node. */
  add(instance: string, options: Partial<ClusterOptions> = {}, limits: Partial<Limits> = {}): TestNode {
    let cluster: Cluster | null = null;
    const harness = new RouterHarness(limits, false, {
      clock: this.clock,
      newClientId: () => (cluster as Cluster).newClientId(),
    });
    const carrier = this.network.carrier(instance);
    cluster = new Cluster({
      core: harness.core,
      carriers: [carrier],
      clock: this.clock,
      log: harness.log,
      instance,
      label: instance,
      release: '1.0.0',
      ...options,
    });
    const node = Object.assign(harness, { cluster, carrier, instance, hasStarted: false });
    harness.runTicks = () => this.run();
    this.nodes.push(node);
    void cluster.start().then(() => {
      node.hasStarted = true;
    });
    return node;
  }

  node(index: number): TestNode {
    const node = this.nodes[index];
    assert.ok(node);
    return node;
  }

  /** Ends the node without an announcement, as after kill -9. */
  kill(node: TestNode): void {
    node.cluster.destroy();
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  /** Ends ticks until nothing is scheduled. */
  run(): void {
    for (let i = 0; i < 100_000; i++) {
      const ran = this.clock.endTick();
      const wrote = this.nodes.map((node) => node.completeWrites()).some((any) => any);
      if (!ran && !wrote) return;
    }
    assert.fail('the routers do not come to rest');
  }

  /** Advances the time in small steps. */
  settle(ms: number, stepMs = 20): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      this.run();
    }
  }
}
