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
  type Framing,
  frame,
  frameHead,
  frameTwice,
  PREFIX_BYTES,
  unwrapMessage,
  writePrefixes,
} from './framing.ts';
export { keepBytes } from './kept-bytes.ts';
export { type FramingFault, MessageReader, type MessageSink } from './message-reader.ts';
export { isText, KnownItem, MALFORMED, MAX_DEPTH, skipItem, UNREADABLE } from './scan-item.ts';
export { equals, MessageScanner, ScanResult, TypeCode } from './scan-message.ts';
