import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that a test can cut, freeze and slow down: the network between a client and the router. */
export class LossyProxy {
  private readonly server: Server;
  private readonly links = new Set<{ readonly near: Socket; readonly far: Socket }>();
  private isRefusing = false;
  /** Connections made so far. */
  connections = 0;

  private constructor(targetPort: number) {
    this.server = createServer((near) => {
      if (this.isRefusing) {
        near.destroy();
        return;
      }
      this.connections++;
      const far = connectTcp(targetPort, '127.0.0.1');
      const link = { near, far };
      this.links.add(link);
      for (const socket of [near, far]) {
        socket.setNoDelay(true);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.links.delete(link);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  static async to(targetPort: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(targetPort);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Resets every connection: what is under way is lost, cut anywhere. */
  cut(): void {
    for (const { near, far } of this.links) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Passes nothing on any more, in silence: connections become half open. New connections work. */
  freeze(): void {
    for (const { near, far } of this.links) {
      near.unpipe();
      far.unpipe();
      near.resume();
      far.resume();
    }
    this.links.clear();
  }

  /** Whether the bytes to the target are held back: the near sender fills its buffers. */
  pause(isPaused: boolean): void {
    for (const { near, far } of this.links) {
      if (isPaused) near.unpipe(far).pause();
      else near.pipe(far);
    }
  }

  /** Whether new connections are refused. */
  refuse(isRefusing: boolean): void {
    this.isRefusing = isRefusing;
  }

  async close(): Promise<void> {
    this.isRefusing = true;
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
