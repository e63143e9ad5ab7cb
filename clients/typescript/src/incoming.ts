import type { ClientEvents } from './client-events.ts';
import type { Emitter } from './emitter.ts';
import { NOT_FOUND, RouterError, readable, routerCode } from './errors.ts';
import { type IncomingRequest, mapOf, numberOf, textOf, type WireMessage } from './messages.ts';
import type { PendingRequests } from './requests.ts';
import type { Payload, Value } from './values.ts';

/** Answers a request. The returned map is the response; an error becomes a failed response with its message. */
export type RequestHandler = (request: IncomingRequest) => Payload | undefined | Promise<Payload | undefined>;

/** Where incoming messages go. */
export interface IncomingDependencies {
  readonly emitter: Emitter<ClientEvents>;
  readonly requests: PendingRequests;
  readonly post: (message: WireMessage) => Promise<void>;
  /** The router has refused the message with this `messageId`. */
  readonly onRefused: (messageId: Value, error: RouterError) => void;
}

/** Hands the messages of the p2p stream to those parts of the client that they are for. */
export class Incoming {
  requestHandler: RequestHandler | null = null;
  private readonly deps: IncomingDependencies;

  constructor(deps: IncomingDependencies) {
    this.deps = deps;
  }

  receive(message: Record<string, Value>): void {
    const { type } = message;
    if (type === 'unicast' || type === 'multicast' || type === 'broadcast') {
      this.deps.emitter.emit('message', {
        type,
        senderId: textOf(message.senderId) ?? '',
        groupName: textOf(message.groupName),
        payload: mapOf(message.payload),
        timestamp: numberOf(message.timestamp),
      });
    } else if (type === 'response') this.deps.requests.settle(message);
    else if (type === 'request') void this.answer(message);
    else if (type === 'error') this.routerError(message);
  }

  private routerError(message: Record<string, Value>): void {
    const payload = mapOf(message.payload);
    const text = textOf(message.errorMessage) ?? '';
    const code = routerCode(payload.code, NOT_FOUND.test(text) ? 'not-found' : 'protocol');
    const messageId = payload.messageId ?? null;
    this.deps.onRefused(messageId, new RouterError(code, readable(text)));
    this.deps.emitter.emit('error', { code, message: readable(text), messageId });
  }

  private async answer(message: Record<string, Value>): Promise<void> {
    const { requestId, timeoutMs, ...payload } = mapOf(message.payload);
    const senderId = textOf(message.senderId);
    if (typeof requestId !== 'string' || senderId === null) return;
    const request = { requestId, senderId, payload, timeoutMs: numberOf(timeoutMs) };
    const respond = (success: boolean, result: Payload, errorMessage?: string): Promise<void> =>
      this.deps.post({
        type: 'response',
        targetId: senderId,
        payload: { ...result, requestId },
        success,
        errorMessage,
      });
    try {
      if (this.requestHandler === null) throw new Error('This client answers no requests');
      const result = (await this.requestHandler(request)) ?? {};
      await respond(true, result);
    } catch (error) {
      // a second failure means that the client is closed: the requester gets its timeout
      await respond(false, {}, error instanceof Error ? error.message : String(error)).catch(() => {});
    }
  }
}
