import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('systemd-bed', import.meta.url));
/** Time limit of a command inside. */
const COMMAND_LIMIT_MS = 180_000;

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output and standard error in the order of their output. */
  readonly text: string;
}

/** Program inside the machine that connects its loopback with standard input and output. */
const JOIN = `const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
socket.on('error', () => process.exit(1));
process.stdin.pipe(socket).pipe(process.stdout);`;

/** A booted Debian with systemd as its PID 1, by `systemd-bed`; its network is its own. */
export class BootedSystem {
  private readonly name: string;
  private readonly forwards: Server[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** A pristine system. */
  async boot(): Promise<void> {
    await this.control('boot', '--fresh', '--private-net');
  }

  /** Powers off and removes the machine. */
  async stop(): Promise<void> {
    for (const server of this.forwards) server.close();
    await this.control('stop', '--purge');
  }

  async reboot(): Promise<void> {
    await this.control('reboot');
  }

  async cutPower(): Promise<void> {
    await this.control('reboot', '--hard');
  }

  /** Runs a shell script inside as root; a failure is part of the result. */
  async try(script: string, environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const variables = Object.entries(environment).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
    return run(this.name, ['exec', ...variables, '-C', '/root', '--', 'bash', '-c', script]);
  }

  /** Runs a shell script that must succeed; returns its standard output without the last line break. */
  async run(script: string): Promise<string> {
    return checked(script, await this.try(script)).stdout.trimEnd();
  }

  /** Copies a folder's contents, or a file. */
  async copy(source: string, target: string): Promise<void> {
    await this.control('copy', source, target);
  }

  /** Copies a clone without generated files. */
  async copySources(source: string, target: string): Promise<void> {
    const made = ['./node_modules', './dist', './.git', './release', './coverage'];
    await this.control('copy', ...made.flatMap((folder) => ['--exclude', folder]), source, target);
  }

  /** Copies a file out. */
  async pull(source: string, target: string): Promise<void> {
    await this.control('pull', source, target);
  }

  /** Writes a text file inside. */
  async write(path: string, content: string): Promise<void> {
    await this.run(`base64 -d >${path} <<<${Buffer.from(content).toString('base64')}`);
  }

  /** A local port that forwards to `port` on the loopback of the machine. */
  async forward(port: number): Promise<number> {
    const server = createServer((socket) => {
      const inside = spawn('bash', [SCRIPT, 'exec', '--', 'node', '-e', JOIN, String(port)], {
        env: { ...process.env, SYSTEMD_BED_NAME: this.name },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      socket.on('error', () => inside.stdin.destroy());
      inside.stdin.on('error', () => socket.destroy());
      inside.once('exit', () => socket.destroy());
      socket.pipe(inside.stdin);
      inside.stdout.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.forwards.push(server);
    return (server.address() as AddressInfo).port;
  }

  private async control(...args: string[]): Promise<void> {
    checked(args.join(' '), await run(this.name, args));
  }
}

function checked(what: string, outcome: Outcome): Outcome {
  if (outcome.code === 0) return outcome;
  throw new Error(`exit code ${outcome.code} of: ${what}\n${outcome.text}`);
}

async function run(name: string, args: readonly string[], limitMs = COMMAND_LIMIT_MS): Promise<Outcome> {
  const child = spawn('bash', [SCRIPT, ...args], {
    env: { ...process.env, SYSTEMD_BED_NAME: name },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    text += chunk;
  });
  // 'close' would wait for processes of the machine that inherited the pipes
  const [code] = (await once(child, args[0] === 'boot' || args[0] === 'reboot' ? 'exit' : 'close')) as [number | null];
  return { code, stdout, stderr, text };
}
