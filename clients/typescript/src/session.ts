import type { Registration } from './connection.ts';
import type { Payload } from './values.ts';

/** The part of a session that outlives a connection, besides the messages of the outbox. */
export class Session {
  clientId: string | null = null;
  private token: string | null = null;
  private receivedCount = 0;
  private reportedCount = 0;
  private unreportedSize = 0;

  /** Messages that were received in this session. */
  get received(): number {
    return this.receivedCount;
  }

  /** Messages that were received and not yet acknowledged. */
  get unreported(): number {
    return this.receivedCount - this.reportedCount;
  }

  /** Bytes of the messages that were received and not yet acknowledged. */
  get unreportedBytes(): number {
    return this.unreportedSize;
  }

  get isKept(): boolean {
    return this.token !== null;
  }

  count(bytes: number): void {
    this.receivedCount++;
    this.unreportedSize += bytes;
  }

  reported(): void {
    this.reportedCount = this.receivedCount;
    this.unreportedSize = 0;
  }

  /** The `session` field of a registration. */
  request(): Payload {
    return this.token === null ? {} : { token: this.token, received: this.receivedCount };
  }

  /** Takes over the router's answer; true when the session goes on. */
  adopt({ clientId, session }: Registration): boolean {
    const resumed = session?.resumed === true;
    if (!resumed) this.receivedCount = 0;
    this.reported();
    this.clientId = clientId;
    this.token = session?.token ?? null;
    return resumed;
  }
}
