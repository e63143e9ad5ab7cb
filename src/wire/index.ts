export { copyToArena } from './byte-arena.ts';
export { EMPTY_MAP, MAJOR_ARRAY, MAJOR_MAP, NULL } from './cbor.ts';
export { type Encodable, encode, encodeHead, encodeText, Raw } from './encode.ts';
export {
  copyValue,
  decodeEntry,
  decodeValue,
  type Entry,
  hasValue,
  mapEntries,
  mapWith,
  mapWithout,
  sameValue,
} from './fields.ts';
export { findValue } from './find-value.ts';
export { ForwardedMessage } from './forward.ts';
export {
  type BodySink,
  DOUBLE,
  type Framing,
  frame,
  frameHead,
  PREFIX_BYTES,
  prefixLength,
  SINGLE,
  unwrapMessage,
  writePrefix,
} from './framing.ts';
export { parseJson } from './from-json.ts';
export { type FramingFault, MessageReader, type MessageSink } from './message-reader.ts';
export {
  IS_FORWARDED,
  KNOWN_MESSAGE_TYPES,
  type KnownMessageType,
  MESSAGE_TYPES,
  type MessageType,
  TypeCode,
} from './message-types.ts';
export { EncodedId, isText, MALFORMED, MAX_DEPTH, skipItem, UNREADABLE } from './scan-item.ts';
export { equals, MessageScanner, ScanResult } from './scan-message.ts';
export { jsonOf } from './to-json.ts';
