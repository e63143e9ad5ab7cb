import { abortError, RouterError, readable, routerCode } from './errors.ts';
import { mapOf, textOf } from './messages.ts';
import type { Value } from './values.ts';

interface Pending {
  readonly resolve: (payload: Record<string, Value>) => void;
  readonly reject: (error: RouterError) => void;
}

/** Requests that wait for their responses. */
export class PendingRequests {
  private readonly pending = new Map<string, Pending>();
  /** Random, so that the ids of two clients, or of two lives of one, never collide. */
  private readonly prefix = randomText();
  private counter = 0;

  newId(): string {
    return `${this.prefix}-${++this.counter}`;
  }

  /** Resolves with the payload of the response to `requestId`. */
  wait(requestId: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Record<string, Value>> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortError(signal));
        return;
      }
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.pending.delete(requestId);
      };
      const fail = (error: RouterError): void => {
        finish();
        reject(error);
      };
      const onAbort = (): void => fail(abortError(signal as AbortSignal));
      const timer = setTimeout(() => fail(new RouterError('timeout', `No response within ${timeoutMs} ms`)), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.pending.set(requestId, {
        resolve: (payload) => {
          finish();
          resolve(payload);
        },
        reject: fail,
      });
    });
  }

  /** Settles the request that `message`, a response, belongs to; one that is late is ignored. */
  settle(message: Record<string, Value>): void {
    const { requestId, ...payload } = mapOf(message.payload);
    const waiting = typeof requestId === 'string' ? this.pending.get(requestId) : undefined;
    if (waiting === undefined) return;
    if (message.success === true) waiting.resolve(payload);
    else waiting.reject(failure(message, payload));
  }

  fail(requestId: string, error: RouterError): void {
    this.pending.get(requestId)?.reject(error);
  }

  failAll(error: RouterError): void {
    for (const { reject } of [...this.pending.values()]) reject(error);
  }
}

/** The error of a response without success: the router's own carry a code. */
function failure(message: Record<string, Value>, payload: Record<string, Value>): RouterError {
  const text = textOf(message.errorMessage) ?? 'The request failed';
  if (message.senderId !== 'router') return new RouterError('remote', text);
  return new RouterError(
    routerCode(payload.code, text === 'Request timeout' ? 'timeout' : 'not-found'),
    readable(text),
  );
}

function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return btoa(String.fromCharCode(...bytes));
}
