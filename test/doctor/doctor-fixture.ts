import { DEFAULT_CONFIG, type RouterConfig } from '../../src/config/index.ts';
import { CHECKS, type DoctorContext, type Finding, runChecks } from '../../src/doctor/index.ts';
import { type CliResult, runInProcess } from '../cli/run-cli.ts';
import { TempFolder } from '../support/temp.ts';

/** Separate home and files for `--doctor`, isolated from other routers on this machine. */
export class DoctorFixture implements Disposable {
  readonly folder = new TempFolder();
  readonly pidFile = this.folder.file('rpc_dart_router.pid');
  readonly env = { HOME: this.folder.path, PM2_HOME: this.folder.file('pm2'), PATH: process.env.PATH ?? '' };
  private readonly paths = ['--pid-file', this.pidFile, '--log-file', this.folder.file('router.log')];

  /** Runs `--doctor` as a command, configured for loopback and any port. */
  run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
    const basic = ['--doctor', ...this.paths, '--host', '127.0.0.1'];
    return runInProcess([...basic, ...args], { ...this.env, ROUTER_PORT: '0', ROUTER_LANG: 'en', ...env });
  }

  /** Findings of one check, in a healthy context changed by `change`. */
  async check(name: string, change: Partial<DoctorContext> = {}): Promise<Finding[]> {
    const found = CHECKS.find((check) => check.name === name);
    if (found === undefined) throw new Error(`there is no check ${name}`);
    return [...(await found.run({ ...this.context(), ...change }))];
  }

  /** All findings. */
  runAll(change: Partial<DoctorContext>): ReturnType<typeof runChecks> {
    return runChecks({ ...this.context(), ...change });
  }

  config(change: Partial<RouterConfig>): RouterConfig {
    return { ...DEFAULT_CONFIG, host: '127.0.0.1', port: 0, ...change };
  }

  private context(): DoctorContext {
    const { folder, pidFile, env } = this;
    const paths = { pidFile, logFile: folder.file('router.log'), controlSocket: folder.file('rpc_dart_router.sock') };
    return {
      config: this.config({}),
      sources: new Map(),
      lang: 'en',
      env,
      daemon: { supervised: null, pid: null, isOwn: false, paths, other: null },
      status: null,
      procFolder: '/proc',
      pidFolders: [],
      now: new Date(),
    };
  }

  [Symbol.dispose](): void {
    this.folder.remove();
  }
}

/** `ok`, or `fail: text → advice`. */
export function brief({ outcome, text, advice }: Finding): string {
  return outcome === 'ok' ? 'ok' : `${outcome}: ${text} → ${advice}`;
}
