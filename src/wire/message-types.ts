/**
 * Message types of the p2p stream. The position of a type is its code, in the scanner, the counters and the handlers.
 * `forwarded`: delivered to other clients; the router itself handles the others.
 */
const TYPES = {
  unicast: { forwarded: true },
  multicast: { forwarded: true },
  broadcast: { forwarded: true },
  request: { forwarded: true },
  response: { forwarded: true },
  heartbeat: { forwarded: false },
  updateMetadata: { forwarded: false },
  updateGroups: { forwarded: false },
  error: { forwarded: false },
} as const;

export type KnownMessageType = keyof typeof TYPES;
/** `unknown` stands for every other type, and for messages that cannot be parsed. */
export type MessageType = KnownMessageType | 'unknown';

export const KNOWN_MESSAGE_TYPES = Object.keys(TYPES) as readonly KnownMessageType[];

/** All types in the order of their codes. */
export const MESSAGE_TYPES: readonly MessageType[] = [...KNOWN_MESSAGE_TYPES, 'unknown'];

/** The code of each type. */
export const TypeCode = Object.fromEntries(MESSAGE_TYPES.map((name, code) => [name, code])) as Readonly<
  Record<MessageType, number>
>;

/** By code: whether messages of the type are delivered to other clients. */
export const IS_FORWARDED: readonly boolean[] = MESSAGE_TYPES.map(
  (name) => name !== 'unknown' && TYPES[name].forwarded,
);
