import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClientFraming } from '../../test/support/framing.ts';
import type { ManyClientsCommand } from './many-clients-main.ts';
import type { Protocol } from './servers.ts';

/** Thousands of clients in a separate process. */
export class ManyClients implements AsyncDisposable {
  private readonly child: ChildProcess;

  constructor(port: number, framing: ClientFraming, protocol: Protocol = 'http2') {
    const main = fileURLToPath(new URL('many-clients-main.ts', import.meta.url));
    this.child = fork(main, [String(port), String(framing), protocol], { execArgv: ['--import', 'tsx'] });
  }

  /** Connects `count` more clients, a hundred or `atOnce` at a time, each registered and with an open stream. */
  async connect(count: number, atOnce?: number): Promise<void> {
    await this.run({ action: 'connect', count, ...(atOnce === undefined ? {} : { atOnce }) });
  }

  /** Closes the last `count` of them at once. */
  async close(count: number): Promise<void> {
    await this.run({ action: 'close', count });
  }

  /** Kills the process of all clients. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Connects and disconnects `count` clients. */
  async churn(count: number): Promise<void> {
    await this.run({ action: 'churn', count });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.child.connected) return;
    this.child.disconnect();
    await new Promise((resolve) => this.child.once('exit', resolve));
  }

  private run(command: ManyClientsCommand): Promise<void> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the clients ended with ${code}`));
      this.child.once('exit', onExit);
      this.child.once('message', (answer: { error?: string }) => {
        this.child.off('exit', onExit);
        if (answer.error === undefined) resolve();
        else reject(new Error(answer.error));
      });
      this.child.send(command);
    });
  }
}
