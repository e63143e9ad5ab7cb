import type { Client } from '../client.ts';
import type { RouterContext } from '../context.ts';
import type { PauseQueue } from '../delivery/flush-queue.ts';
import { type ErrorCode, TEXT } from '../messages.ts';

/** Source of a message: the session of its sender, or another node. */
export interface MessageSource {
  readonly context: RouterContext;
  /** Stops reading until `queue` is below its high watermark. */
  pause(queue: PauseQueue): void;
}

/** The session that a message came from, as handlers use it. */
export interface SenderSession extends MessageSource {
  /** Receiver of the last unicast, request or response: most senders talk to one peer for a while. */
  lastTarget: Client | null;
  /** Sends a message of the router itself. */
  send(message: Buffer): void;
  /** Sends an `error` message about the message in `bytes`, whose fields `context.header` holds. `permission`: the missing one. */
  answerError(code: ErrorCode, text: string, bytes: Buffer, permission?: string): void;
}

/**
 * Handles one type of message. `context.header` holds the fields of the message in `bytes`; for types that are forwarded
 * `context.forwarded` holds the message to deliver, with the sender's id in it. The payload is never decoded.
 */
export type MessageHandler = (session: SenderSession, sender: Client, bytes: Buffer) => void;

/** Refuses a message of `type` without a required field. */
export function refuseMissing(session: SenderSession, type: string, field: string, bytes: Buffer): void {
  session.context.counters.dropped.missingField++;
  session.answerError('missing-field', TEXT.fieldMissing(type, field), bytes);
}
