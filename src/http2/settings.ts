import { ConnectionError } from './connection-error.ts';
import {
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  MAX_FRAME_BYTES,
  MAX_FRAME_SIZE_SETTING,
  MAX_WINDOW_BYTES,
  readUint32,
  Setting,
  settingsFrame,
  windowUpdateFrame,
} from './frames.ts';
import { type Http2Limits, MAX_STREAMS, WINDOW_BYTES } from './limits.ts';

/** Our own SETTINGS, and the connection's window, which they do not cover. */
export function serverPreface({ maxHeaderBytes }: Http2Limits): Buffer {
  return Buffer.concat([
    settingsFrame([
      [Setting.maxConcurrentStreams, MAX_STREAMS],
      [Setting.initialWindowSize, WINDOW_BYTES],
      [Setting.maxHeaderListSize, maxHeaderBytes],
    ]),
    windowUpdateFrame(0, WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
  ]);
}

/** What a client's SETTINGS mean for us. */
export interface PeerSettings {
  /** The send window that new streams begin with. */
  initialWindowBytes: number;
  /** The size of the client's dynamic header table; we put nothing into it. */
  headerTableBytes: number;
}

const ENTRY_BYTES = 6;
/** More entries than there are settings serve nothing. */
const MAX_ENTRIES = 32;

/** Puts the entries of a SETTINGS frame into `peer`. Throws ConnectionError when they are not valid. */
export function applySettings(peer: PeerSettings, bytes: Buffer, start: number, end: number): void {
  if ((end - start) % ENTRY_BYTES !== 0) throw new ConnectionError(ErrorCode.frameSize, 'SETTINGS of a wrong length');
  if (end - start > MAX_ENTRIES * ENTRY_BYTES)
    throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many SETTINGS');
  for (let pos = start; pos < end; pos += ENTRY_BYTES) {
    applyEntry(peer, bytes.readUInt16BE(pos), readUint32(bytes, pos + 2));
  }
}

/** What other settings there are concerns what we do not use. */
function applyEntry(peer: PeerSettings, id: number, value: number): void {
  if (id === Setting.enablePush) expectRange(value, 0, 1, ErrorCode.protocol);
  else if (id === Setting.initialWindowSize) {
    expectRange(value, 0, MAX_WINDOW_BYTES, ErrorCode.flowControl);
    peer.initialWindowBytes = value;
  } else if (id === Setting.headerTableSize) peer.headerTableBytes = value;
  else if (id === Setting.maxFrameSize) {
    // every client takes the frames that we send: longer ones would gain nothing
    expectRange(value, MAX_FRAME_BYTES, MAX_FRAME_SIZE_SETTING, ErrorCode.protocol);
  }
}

function expectRange(value: number, least: number, most: number, code: number): void {
  if (value < least || value > most) throw new ConnectionError(code, 'SETTINGS out of range');
}
