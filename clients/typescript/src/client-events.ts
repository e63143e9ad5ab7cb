import type { ErrorCode, RouterError } from './errors.ts';
import type { Message, RouterEvent } from './messages.ts';
import type { Value } from './values.ts';

/** `away`: the connection is lost; messages are kept while the client reconnects. */
export type ClientState = 'connecting' | 'online' | 'away' | 'closed';

export interface StateChange {
  readonly state: ClientState;
  /** Why the client is away or closed; null otherwise. */
  readonly reason: RouterError | null;
  /** Of `online`: whether the session went on. False after a new registration, which brings another id. */
  readonly resumed: boolean;
}

/** An `error` message of the router about something that was sent. */
export interface RouterErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  /** `payload.messageId` of the message that failed, if it had one. */
  readonly messageId: Value | null;
}

/** The events of a client. */
export interface ClientEvents {
  state: StateChange;
  message: Message;
  /** An event of the router; the first listener subscribes to them. */
  event: RouterEvent;
  error: RouterErrorMessage;
  /** `bufferedBytes` has fallen below a quarter of `bufferBytes` after it was above a half. */
  drain: undefined;
  /** So many messages to this client could not be kept by the router while it was away. */
  lost: number;
}
