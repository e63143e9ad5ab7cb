import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { TempFolder } from '../support/temp.ts';
import { findProgram, skipWithout } from './programs.ts';

export const PROMETHEUS = findProgram('prometheus');
export const PROMTOOL = findProgram('promtool');
export const SKIP_WITHOUT_PROMETHEUS = skipWithout('prometheus', PROMETHEUS, PROMTOOL);
/** The folder for users to copy. */
export const MONITORING = fileURLToPath(new URL('../../deploy/monitoring', import.meta.url));

/** One series of a response. */
export interface PromSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface PromConfig {
  global: Record<string, string>;
  rule_files: string[];
  scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
}

/** A real Prometheus with the configuration of the repository, except target and scrape interval. */
export class PrometheusProcess implements AsyncDisposable {
  private readonly child: ChildProcess;
  private readonly folder: TempFolder;
  private readonly exited: Promise<void>;
  private log = '';
  private address = '';

  private constructor(child: ChildProcess, folder: TempFolder) {
    this.child = child;
    this.folder = folder;
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.log += chunk;
    });
    this.exited = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** Starts a Prometheus that scrapes the router on `metricsPort`. */
  static async start(metricsPort: number | null): Promise<PrometheusProcess> {
    const folder = new TempFolder();
    const config = folder.write('prometheus.yml', testConfig(metricsPort));
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${folder.file('data')}`];
    const child = spawn(PROMETHEUS ?? '', [...args, '--web.listen-address=127.0.0.1:0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const prometheus = new PrometheusProcess(child, folder);
    try {
      await prometheus.untilReady();
    } catch (error) {
      await prometheus[Symbol.asyncDispose]();
      throw error;
    }
    return prometheus;
  }

  /** The current value of an expression. */
  async query(expression: string): Promise<readonly PromSeries[]> {
    const data = (await this.get(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as { result: PromSeries[] };
    return data.result;
  }

  /** The names of the firing alerts. */
  async firing(): Promise<string[]> {
    const alerts = await this.query('ALERTS{alertstate="firing"}');
    return alerts.map(({ metric }) => metric.alertname ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await within(this.exited, PATIENCE_MS, 'Prometheus to end');
    this.folder.remove();
  }

  private async untilReady(): Promise<void> {
    const line = await poll(
      'Prometheus to listen',
      () => /msg="Listening on" address=(127\.0\.0\.1:\d+)/.exec(this.log),
      { limitMs: 20_000 },
    ).catch((cause: unknown) => {
      throw new Error(`Prometheus does not start:\n${this.log}`, { cause });
    });
    this.address = line[1] ?? '';
    await poll('Prometheus to be ready', async () => (await fetch(`http://${this.address}/-/ready`)).ok, {
      limitMs: 20_000,
      everyMs: 100,
    });
  }

  private async get(path: string): Promise<unknown> {
    const answer = await fetch(`http://${this.address}${path}`);
    const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }
}

/** The configuration of the repository, with this target and a short scrape interval. */
function testConfig(metricsPort: number | null): string {
  const folder = `${MONITORING}/prometheus`;
  const config = parse(readFileSync(`${folder}/prometheus.yml`, 'utf8')) as PromConfig;
  config.global = { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '250ms' };
  config.rule_files = config.rule_files.map((file) => `${folder}/${file}`);
  for (const { static_configs } of config.scrape_configs) {
    for (const target of static_configs) target.targets = [`127.0.0.1:${metricsPort}`];
  }
  return stringify(config);
}
