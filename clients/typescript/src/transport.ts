import type { RouterError } from './errors.ts';

/** Receives the answer of a call. `onEnd` is called once; `error` is null when the router ended the call with status OK. */
export interface StreamHandler {
  onMessage(body: Uint8Array): void;
  onEnd(error: RouterError | null): void;
}

/** A call that is open in both directions. */
export interface ClientStream {
  write(body: Uint8Array): void;
  /** Half-closes: nothing more will be written. */
  end(): void;
}

/** One connection to the router. It is used until it closes, and not reconnected. */
export interface Transport {
  /** Opens the stream of `method`. `metadata` goes with the call where the transport can carry it. */
  open(method: string, handler: StreamHandler): ClientStream;
  /** Bytes handed over and not yet written to the network. */
  readonly bufferedBytes: number;
  /** Closes at once, or, when `gracefully`, after the buffered data is written. Every open call ends. */
  close(gracefully: boolean): void;
}

export interface TransportOptions {
  /** For transports that carry it per call (gRPC); over WebSocket it travels in `register`. */
  readonly token: string | null;
  /** Certificates and the like, passed to the Node libraries as they are; ignored in browsers. */
  readonly tls: TlsOptions | null;
  readonly connectTimeoutMs: number;
  /** Called once when the connection is gone. */
  readonly onClose: (error: RouterError) => void;
}

/** PEM texts. Only for Node.js. */
export interface TlsOptions {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Name to verify instead of the URL's host. */
  readonly servername?: string;
}

/** Resolves when the connection is open. */
export type TransportFactory = (url: URL, options: TransportOptions) => Promise<Transport>;
