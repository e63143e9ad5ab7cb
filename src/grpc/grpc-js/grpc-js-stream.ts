import { Metadata, type ServerInterceptor, status as Status } from '@grpc/grpc-js';
import { isProxyHeader } from '../../http2/index.ts';
import type { EndStatus } from '../../router/index.ts';
import { frame, PREFIX_BYTES, SINGLE } from '../../wire/index.ts';
import type { ServerCall } from '../call.ts';
import type { CallRequest, CallStream } from '../call-stream.ts';

/** The call object that grpc-js hands to an interceptor. */
export type BaseCall = Parameters<ServerInterceptor>[1];
/** Makes the call once its headers are known. */
type OpenCall = (stream: CallStream, headers: Omit<CallRequest, 'path'>) => ServerCall | null;

const RESPONSE_HEADERS = new Metadata();
// what the Dart clients expect, instead of grpc-js' `application/grpc+proto`
RESPONSE_HEADERS.set('content-type', 'application/grpc');

/**
 * A call's stream as grpc-js offers it to a server interceptor, by what it declares public: it puts messages together, takes
 * their prefix off and puts it before those that are sent. This is the listener that grpc-js tells what happens.
 */
export class PublicStream implements CallStream {
  readonly needsWholeMessages = true;
  private readonly base: BaseCall;
  private readonly openCall: OpenCall;
  private call: ServerCall | null = null;
  private isPaused = false;
  private readonly onWriteComplete = (): void => this.call?.onWriteComplete();

  constructor(base: BaseCall, openCall: OpenCall) {
    this.base = base;
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

  onReceiveHalfClose(): void {
    this.call?.onEnd();
  }

  onCancel(): void {
    this.call?.onClosed();
  }

  sendHeaders(): void {
    this.base.sendMetadata(RESPONSE_HEADERS);
  }

  write(first: Buffer, rest: readonly Buffer[], _bytes: number): void {
    this.writeMessages(first, rest.length === 0);
    for (const [index, messages] of rest.entries()) this.writeMessages(messages, index === rest.length - 1);
  }

  end(code: EndStatus, details: string): void {
    this.base.sendMetadata(RESPONSE_HEADERS);
    this.base.sendStatus({ code: Status[code], details });
  }

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

  /** Sends the messages one by one, without their prefix. With the last one, the write is taken. */
  private writeMessages(messages: Buffer, areLast: boolean): void {
    for (let pos = 0; pos < messages.length; ) {
      const end = pos + PREFIX_BYTES + messages.readUInt32BE(pos + 1);
      const isLast = areLast && end >= messages.length;
      this.base.sendMessage(messages.subarray(pos + PREFIX_BYTES, end), isLast ? this.onWriteComplete : ignore);
      pos = end;
    }
  }
}

function ignore(): void {}
