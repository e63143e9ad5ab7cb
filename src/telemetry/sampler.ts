import { MESSAGE_TYPES } from '../wire/index.ts';
import { type Delay, EventLoopDelay } from './event-loop-delay.ts';
import { History } from './history.ts';
import { histogramQuantile } from './quantile.ts';
import type { TelemetrySource } from './telemetry-source.ts';

const SAMPLE_MS = 1000;
const RATE_SAMPLES = 5;
const WINDOW_SAMPLES = 60;

/** Values of the counters at one point in time. */
interface Sample {
  readonly atMs: number;
  readonly inByType: Float64Array;
  readonly out: number;
  readonly dropped: number;
  readonly latency: Float64Array;
  readonly cpuMicros: number;
  /** Event-loop delay during the second before the sample. */
  readonly delay: Delay;
}

/** Samples the counters once a second, and derives rates, percentiles and the history of the last 15 minutes. */
export class Sampler {
  readonly history = new History();
  private readonly source: TelemetrySource;
  private readonly eventLoop = new EventLoopDelay();
  private readonly samples: Sample[];
  private timer: NodeJS.Timeout | null = null;
  private readonly onSample: () => void;

  /** `onSample` is called after each sample. */
  constructor(source: TelemetrySource, onSample: () => void) {
    this.source = source;
    this.onSample = onSample;
    this.samples = [this.takeSample()];
  }

  start(): void {
    const sample = (): void => this.source.jobs.run('sample', () => this.sample(), undefined);
    this.timer ??= setInterval(sample, SAMPLE_MS).unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.eventLoop.stop();
  }

  /** Messages received per second, over the last 5 s. */
  get inPerSecond(): number {
    return this.rate(RATE_SAMPLES, (sample) => sum(sample.inByType));
  }

  /** Copies queued to receivers per second, over the last 5 s. */
  get outPerSecond(): number {
    return this.rate(RATE_SAMPLES, (sample) => sample.out);
  }

  /** Messages received per second by type, over the last 5 s; only types with a rate above 0. */
  get inPerSecondByType(): Record<string, number> {
    const rates = MESSAGE_TYPES.map((type, i): [string, number] => [
      type,
      this.rate(RATE_SAMPLES, (sample) => sample.inByType[i] ?? 0),
    ]);
    return Object.fromEntries(rates.filter(([, rate]) => rate > 0));
  }

  /** CPU usage over the last 5 s, in percent of one core. */
  get cpuPercent(): number {
    return this.rate(RATE_SAMPLES, (sample) => sample.cpuMicros) / 1e4;
  }

  /** Routing latency over the last minute, or the last `samples` seconds. */
  latencyMs(samples: number = WINDOW_SAMPLES): { p50: number; p95: number; p99: number } {
    const { boundsSeconds } = this.source.router.counters.routingLatency;
    const [before, now] = this.window(samples);
    const counts = now.latency.map((count, i) => count - (before.latency[i] ?? 0));
    const quantile = (q: number): number => histogramQuantile(boundsSeconds, counts, q) * 1000;
    return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
  }

  /** Over the last minute: the median of the medians, and the p99 and maximum of the worst second. */
  get eventLoopDelay(): Delay {
    const delays = this.samples.map((sample) => sample.delay);
    const medians = delays.map((delay) => delay.p50Ms).sort((a, b) => a - b);
    return {
      p50Ms: medians[medians.length >> 1] ?? 0,
      p99Ms: Math.max(...delays.map((delay) => delay.p99Ms)),
      maxMs: Math.max(...delays.map((delay) => delay.maxMs)),
    };
  }

  private sample(): void {
    this.samples.push(this.takeSample());
    if (this.samples.length > WINDOW_SAMPLES + 1) this.samples.shift();
    this.addToHistory();
    this.onSample();
  }

  private takeSample(): Sample {
    const { counters } = this.source.router;
    const { user, system } = process.cpuUsage();
    return {
      atMs: performance.now(),
      inByType: counters.messagesInByType.slice(),
      out: sum(counters.messagesOutByType),
      dropped: sum(Object.values(counters.dropped)),
      latency: counters.routingLatency.counts.slice(),
      cpuMicros: user + system,
      delay: this.eventLoop.take(),
    };
  }

  private addToHistory(): void {
    const { source } = this;
    const latency = this.latencyMs(1);
    this.history.add({
      at: Date.now(),
      connections: source.connections(),
      clients: source.router.clients.size,
      inPerSecond: this.rate(1, (sample) => sum(sample.inByType)),
      outPerSecond: this.rate(1, (sample) => sample.out),
      droppedPerSecond: this.rate(1, (sample) => sample.dropped),
      latencyP50Ms: latency.p50,
      latencyP95Ms: latency.p95,
      latencyP99Ms: latency.p99,
      queueBytes: source.router.heldBytes,
      eventLoopMaxMs: this.samples.at(-1)?.delay.maxMs ?? 0,
      rssBytes: source.memory.rssBytes(),
      cpuPercent: this.rate(1, (sample) => sample.cpuMicros) / 1e4,
    });
  }

  private rate(samples: number, value: (sample: Sample) => number): number {
    const [before, now] = this.window(samples);
    const seconds = (now.atMs - before.atMs) / 1000;
    return seconds > 0 ? (value(now) - value(before)) / seconds : 0;
  }

  /** The sample `samples` before the newest, or the oldest one, and the newest. */
  private window(samples: number): [Sample, Sample] {
    const now = this.samples[this.samples.length - 1] as Sample;
    return [this.samples[Math.max(0, this.samples.length - 1 - samples)] as Sample, now];
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
