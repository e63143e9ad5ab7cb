export { copyToArena } from './byte-arena.ts';
export { type Encodable, encode, encodeHead, encodeText, Raw } from './encode.ts';
export {
  copyValue,
  decodeEntry,
  decodeValue,
  type Entry,
  hasValue,
  mapEntries,
  mapWithout,
  sameValue,
} from './fields.ts';
export { findValue } from './find-value.ts';
export { ForwardedMessage } from './forward.ts';
export {
  type BodySink,
  doubleFrame,
  type Framing,
  frame,
  frameHead,
  PREFIX_BYTES,
  prefixLength,
  unwrapMessage,
  writePrefix,
  writePrefixes,
} from './framing.ts';
export { type FramingFault, MessageReader, type MessageSink } from './message-reader.ts';
export { EncodedId, isText, MALFORMED, MAX_DEPTH, skipItem, UNREADABLE } from './scan-item.ts';
export { equals, MessageScanner, ScanResult, TypeCode } from './scan-message.ts';
