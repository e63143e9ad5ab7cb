import { decodeValue, findValue, NULL } from '../../wire/index.ts';
import { MAX_NAME_BYTES } from '../interfaces.ts';
import { TEXT } from '../messages.ts';
import { missingForGroups, refuseMessage } from '../permissions.ts';
import type { MessageHandler, SenderSession } from './handler.ts';

const JOIN = Buffer.from('join');
const LEAVE = Buffer.from('leave');

/** Adds the sender to groups and removes it from others: `payload.join` and `payload.leave`. */
export const updateGroups: MessageHandler = (session, sender, bytes) => {
  const { limits, counters } = session.context;
  const join = namesAt(session, bytes, JOIN);
  const leave = namesAt(session, bytes, LEAVE);
  if (join === null || leave === null || join.length + leave.length === 0) {
    counters.dropped.malformed++;
    session.answerError('malformed', TEXT.invalidGroups, bytes);
    return;
  }
  const missing = missingForGroups(sender.identity.rights, join);
  if (missing !== null) {
    refuseMessage(session, sender, missing, bytes);
    return;
  }
  const left = new Set(leave);
  const groups = [...new Set([...sender.groups.filter((name) => !left.has(name)), ...join])];
  const problem = groups.length > limits.maxGroups ? TEXT.tooManyGroups(limits.maxGroups) : longName(join);
  if (problem === null) session.context.updateGroups(sender, groups);
  else {
    counters.dropped.malformed++;
    session.answerError('too-large', problem, bytes);
  }
};

/** The texts in the list `key` of the payload; empty if absent, null if invalid. */
function namesAt(session: SenderSession, bytes: Buffer, key: Buffer): readonly string[] | null {
  const { payloadStart, payloadEnd } = session.context.header;
  const item = payloadStart < 0 ? null : findValue(bytes, payloadStart, payloadEnd, key);
  const value = item === null ? undefined : decodeValue(item);
  if (value === undefined) return item === null || item[0] === NULL ? [] : null;
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : null;
}

function longName(names: readonly string[]): string | null {
  return names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES) ? TEXT.groupNameTooLong(MAX_NAME_BYTES) : null;
}
