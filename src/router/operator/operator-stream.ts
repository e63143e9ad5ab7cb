import { decodeValue, type Framing, findValue, SINGLE } from '../../wire/index.ts';
import type { Client, ClientStream, DeliveryQueue } from '../client.ts';

/** The end of a request: the response of the client, or the reason why there is none. */
export type RequestOutcome =
  | { readonly kind: 'response'; readonly isSuccess: boolean; readonly message: Buffer }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'gone' };

export type OnOutcome = (outcome: RequestOutcome) => void;

const KEY = {
  payload: Buffer.from('payload'),
  requestId: Buffer.from('requestId'),
  code: Buffer.from('code'),
  success: Buffer.from('success'),
};

/** Receives the responses to the operator's requests, as the p2p stream of a client would. */
export class OperatorStream implements ClientStream {
  client: Client | null = null;
  readonly framing: Framing = SINGLE;
  readonly queuedBytes = 0;
  readonly inbox: DeliveryQueue = {
    push: (framed) => this.onResponse(framed.subarray(this.framing.bodyStart(framed))),
    pushFanOut: () => {},
  };
  private readonly waiting = new Map<string, OnOutcome>();

  /** Calls `onOutcome` once, when the request ends. */
  expect(requestId: string, onOutcome: OnOutcome): void {
    this.waiting.set(requestId, onOutcome);
  }

  cancel(requestId: string): void {
    this.waiting.delete(requestId);
  }

  /** Receives a failed response of the router itself; the router counts errors about other messages. */
  send(message: Buffer): void {
    const payload = entryOf(message, KEY.payload);
    if (payload === null) return;
    this.settle(payload, textOf(payload, KEY.code) === 'timeout' ? { kind: 'timeout' } : { kind: 'gone' });
  }

  end(): void {}

  private onResponse(body: Buffer): void {
    const payload = entryOf(body, KEY.payload);
    const success = entryOf(body, KEY.success);
    if (payload === null) return;
    const isSuccess = success !== null && decodeValue(success) === true;
    this.settle(payload, { kind: 'response', isSuccess, message: Buffer.from(body) });
  }

  private settle(payload: Buffer, outcome: RequestOutcome): void {
    const requestId = textOf(payload, KEY.requestId);
    const onOutcome = requestId === null ? undefined : this.waiting.get(requestId);
    if (requestId === null || onOutcome === undefined) return;
    this.waiting.delete(requestId);
    onOutcome(outcome);
  }
}

function entryOf(map: Buffer, key: Buffer): Buffer | null {
  return findValue(map, 0, map.length, key);
}

function textOf(map: Buffer, key: Buffer): string | null {
  const item = entryOf(map, key);
  const value = item === null ? undefined : decodeValue(item);
  return typeof value === 'string' ? value : null;
}
