import {
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { RouterError } from './errors.ts';
import { statusError } from './status.ts';
import type { ClientStream, StreamHandler, Transport, TransportFactory, TransportOptions } from './transport.ts';

const identity = (bytes: Buffer): Buffer => bytes;
/** Of the router's default `--max-message-bytes` and more: the limit is the router's to set. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Time for the p2p stream to end after a graceful close: data written before is delivered first. */
const CLOSE_MS = 5000;

/** Connects over HTTP/2 (`http://`) or HTTP/2 with TLS (`https://`) by `@grpc/grpc-js`. */
export const openGrpc: TransportFactory = (url, options) => {
  const client = new Client(target(url), channelCredentials(url, options), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    // a channel of its own: identity is bound to the connection; this client reconnects by itself
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    ...(options.tls?.servername === undefined ? {} : { 'grpc.ssl_target_name_override': options.tls.servername }),
  });
  return new Promise((resolve, reject) => {
    whenConnected(client, options.connectTimeoutMs, (problem) => {
      if (problem === null) resolve(new GrpcTransport(client, options));
      else {
        client.close();
        reject(new RouterError('unreachable', `No connection to ${url.host}: ${problem}`));
      }
    });
  });
};

/** Reports the outcome of the first attempt to connect: grpc-js itself would go on trying until the deadline. */
function whenConnected(client: Client, timeoutMs: number, done: (problem: string | null) => void): void {
  const channel = client.getChannel();
  const deadline = Date.now() + timeoutMs;
  const check = (): void => {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) done(null);
    else if (state === connectivityState.TRANSIENT_FAILURE) done('the connection failed');
    else if (Date.now() >= deadline) done(`no connection within ${timeoutMs} ms`);
    else channel.watchConnectivityState(state, deadline, check);
  };
  check();
}

function target(url: URL): string {
  return `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port}`;
}

function channelCredentials(url: URL, { tls }: TransportOptions) {
  if (url.protocol !== 'https:') return credentials.createInsecure();
  const buffer = (text: string | Uint8Array | undefined): Buffer | null =>
    text === undefined ? null : Buffer.from(text as string);
  return credentials.createSsl(buffer(tls?.ca), buffer(tls?.key), buffer(tls?.cert));
}

class GrpcTransport implements Transport {
  private readonly client: Client;
  private readonly options: TransportOptions;
  private readonly openCalls = new Set<ClientDuplexStream<Buffer, Buffer>>();
  private isClosed = false;
  private pendingBytes = 0;
  private deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Client, options: TransportOptions) {
    this.client = client;
    this.options = options;
  }

  get bufferedBytes(): number {
    return this.pendingBytes;
  }

  open(method: string, handler: StreamHandler): ClientStream {
    const metadata = new Metadata();
    if (this.options.token !== null) metadata.set('authorization', `Bearer ${this.options.token}`);
    const call = this.client.makeBidiStreamRequest(`/router/${method}`, identity, identity, metadata);
    this.openCalls.add(call);
    let isEnded = false;
    const end = (error: RouterError | null): void => {
      if (isEnded) return;
      isEnded = true;
      this.openCalls.delete(call);
      handler.onEnd(error);
      // the stream of messages lives as long as the connection
      if (method !== 'p2p') return;
      this.close(false);
      this.closed(error ?? new RouterError('unreachable', 'The router ended the stream'));
    };
    call.on('data', (body: Buffer) => handler.onMessage(body));
    call.on('end', () => end(null));
    call.on('error', (error: ServiceError) => end(statusError(String(error.code), error.details)));
    return {
      write: (body) => {
        this.pendingBytes += body.length;
        call.write(Buffer.from(body.buffer, body.byteOffset, body.byteLength), () => {
          this.pendingBytes -= body.length;
        });
      },
      end: () => void call.end(),
    };
  }

  close(gracefully: boolean): void {
    if (gracefully && this.openCalls.size > 0) {
      // the end of the p2p stream closes the rest
      this.deadline ??= setTimeout(() => this.close(false), CLOSE_MS);
      return;
    }
    clearTimeout(this.deadline);
    for (const call of this.openCalls) call.cancel();
    this.client.close();
  }

  private closed(error: RouterError): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.options.onClose(error);
  }
}
