import { DEFAULT_CONFIG, type RouterConfig } from '../../src/config/index.ts';
import { CHECKS, type DoctorContext, type Finding, runChecks } from '../../src/doctor/index.ts';
import { type CliResult, runInProcess } from '../cli/run-cli.ts';
import { TempFolder } from '../support/temp.ts';

/** A home and files of its own for `--doctor`, so that what else runs on this machine is out of sight. */
export class DoctorBed implements Disposable {
  readonly folder = new TempFolder();
  readonly pidFile = this.folder.file('rpc_dart_router.pid');
  readonly env = { HOME: this.folder.path, PM2_HOME: this.folder.file('pm2'), PATH: process.env.PATH ?? '' };
  private readonly places = ['--pid-file', this.pidFile, '--log-file', this.folder.file('router.log')];

  /** `--doctor` as on the command line; a router would be loopback only, on any port. */
  run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
    const basic = ['--doctor', ...this.places, '--host', '127.0.0.1'];
    return runInProcess([...basic, ...args], { ...this.env, ROUTER_PORT: '0', ROUTER_LANG: 'en', ...env });
  }

  /** The findings about this check, with a healthy context changed by `change`. */
  async look(check: string, change: Partial<DoctorContext> = {}): Promise<Finding[]> {
    const found = CHECKS.find(({ name }) => name === check);
    if (found === undefined) throw new Error(`there is no check ${check}`);
    return [...(await found.run({ ...this.context(), ...change }))];
  }

  /** All findings. */
  examine(change: Partial<DoctorContext>): ReturnType<typeof runChecks> {
    return runChecks({ ...this.context(), ...change });
  }

  config(change: Partial<RouterConfig>): RouterConfig {
    return { ...DEFAULT_CONFIG, host: '127.0.0.1', port: 0, ...change };
  }

  private context(): DoctorContext {
    const { folder, pidFile, env } = this;
    const places = { pidFile, logFile: folder.file('router.log'), controlSocket: folder.file('rpc_dart_router.sock') };
    return {
      config: this.config({}),
      sources: new Map(),
      lang: 'en',
      env,
      daemon: { supervised: null, pid: null, isOwn: false, places, other: null },
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
