import { Metadata, type ServerInterceptor, status as Status } from '@grpc/grpc-js';
import { isProxyHeader } from '../../http2/index.ts';
import type { EndStatus } from '../../router/index.ts';
import { type Framing, frame, SINGLE } from '../../wire/index.ts';
import type { ServerCall } from '../call.ts';
import type { CallRequest, CallStream } from '../call-stream.ts';
import { WholeMessages } from './whole-messages.ts';

/** The call object that grpc-js passes to an interceptor. */
export type BaseCall = Parameters<ServerInterceptor>[1];
/** The connection of a call. */
interface Peer {
  readonly isConnectionEnded: boolean;
}
/** Creates the call once its request headers are known. */
type OpenCall = (stream: CallStream, headers: Omit<CallRequest, 'path'>) => ServerCall | null;

const RESPONSE_HEADERS = new Metadata();
// the Dart clients expect this instead of grpc-js' `application/grpc+proto`
RESPONSE_HEADERS.set('content-type', 'application/grpc');

/**
 * The stream of one call on grpc-js, through its public interceptor interface. grpc-js reads and writes whole messages
 * without their prefix. This object is also the listener that grpc-js calls (`onReceive...`, `onCancel`).
 */
export class GrpcJsStream implements CallStream {
  private readonly base: BaseCall;
  private readonly peer: Peer;
  private readonly openCall: OpenCall;
  private readonly outgoing = new WholeMessages();
  private call: ServerCall | null = null;
  private isPaused = false;
  private readonly onWriteComplete = (): void => this.call?.onWriteComplete();

  constructor(base: BaseCall, peer: Peer, openCall: OpenCall) {
    this.base = base;
    this.peer = peer;
    this.openCall = openCall;
  }

  start(): void {
    this.base.start(this as Parameters<BaseCall['start']>[0]);
  }

  onReceiveMetadata(metadata: Metadata): void {
    const authorization = metadata.get('authorization')[0];
    this.call = this.openCall(this, {
      authorization: typeof authorization === 'string' ? authorization : null,
      proxyHeader: Object.keys(metadata.getMap()).find(isProxyHeader) ?? null,
    });
    this.base.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    const framed = frame(message, SINGLE);
    this.call?.onData(framed, 0, framed.length);
    if (!this.isPaused) this.base.startRead();
  }

  /**
   * node:http2 also ends the input of a stream that was reset or whose connection is lost, which is not an orderly end.
   * For a reset stream, grpc-js finds that out in `startRead`, and calls `onCancel` before the immediate.
   */
  onReceiveHalfClose(): void {
    if (this.peer.isConnectionEnded) return;
    this.base.startRead();
    setImmediate(() => this.call?.onEnd());
  }

  onCancel(): void {
    this.call?.onClosed();
  }

  queueFraming(grpc: Framing): Framing {
    return grpc;
  }

  sendHeaders(): void {
    this.base.sendMetadata(RESPONSE_HEADERS);
  }

  write(first: Buffer, rest: readonly Buffer[], _bytes: number): void {
    const messages = this.outgoing.add(first);
    for (const chunk of rest) messages.push(...this.outgoing.add(chunk));
    const last = messages.pop();
    for (const message of messages) this.base.sendMessage(message, ignore);
    // a partial message stays here until the rest follows, so the next write may start
    if (last === undefined) setImmediate(this.onWriteComplete);
    else this.base.sendMessage(last, this.onWriteComplete);
  }

  end(code: EndStatus, details: string): void {
    this.base.sendMetadata(RESPONSE_HEADERS);
    this.base.sendStatus({ code: Status[code], details });
  }

  /** grpc-js has no public way to reset a stream. */
  reset(): boolean {
    return false;
  }

  pauseReading(): void {
    this.isPaused = true;
  }

  resumeReading(): void {
    if (this.isPaused) this.base.startRead();
    this.isPaused = false;
  }
}

function ignore(): void {}
