import { abortError, RouterError } from './errors.ts';
import type { Transport } from './transport.ts';
import { decodeMap, encodeMap, type Payload, type Value } from './values.ts';

/** Calls a method that takes one message and answers with one. */
export function callUnary(
  transport: Transport,
  method: string,
  request: Payload,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Record<string, Value>> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    let answer: Uint8Array | null = null;
    const onAbort = (): void => settle(() => reject(abortError(signal as AbortSignal)));
    const timer = setTimeout(() => {
      settle(() => reject(new RouterError('timeout', `${method}: no answer within ${options.timeoutMs} ms`)));
    }, options.timeoutMs);
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      outcome();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const stream = transport.open(method, {
      onMessage: (body) => {
        answer ??= body;
      },
      onEnd: (error) => {
        settle(() => {
          try {
            if (error !== null) throw error;
            if (answer === null) throw new RouterError('protocol', `${method}: the answer is missing`);
            resolve(decodeMap(answer));
          } catch (failure) {
            reject(failure);
          }
        });
      },
    });
    stream.write(encodeMap(request));
    stream.end();
  });
}
