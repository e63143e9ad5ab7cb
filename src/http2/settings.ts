import { ConnectionError, ErrorCode } from './errors.ts';
import {
  DEFAULT_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_FRAME_SIZE_SETTING,
  MAX_WINDOW_BYTES,
  readUint32,
  Setting,
  settingsFrame,
  windowUpdateFrame,
} from './frames.ts';
import { type Http2Limits, MAX_STREAMS, WINDOW_BYTES } from './limits.ts';

/** The server's connection preface: SETTINGS, and WINDOW_UPDATE for the connection's window, which SETTINGS do not cover. */
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

/** The settings of a client that affect the server. */
export interface PeerSettings {
  /** Initial send window of new streams. */
  initialWindowBytes: number;
  /** Size of the client's dynamic header table, which the server does not use. */
  headerTableBytes: number;
}

const ENTRY_BYTES = 6;
/** More entries than defined settings are useless. */
const MAX_ENTRIES = 32;

/** Applies the entries of a SETTINGS frame to `peer`. Throws ConnectionError when they are invalid. */
export function applySettings(peer: PeerSettings, bytes: Buffer, start: number, end: number): void {
  if ((end - start) % ENTRY_BYTES !== 0) throw new ConnectionError(ErrorCode.frameSize, 'SETTINGS of a wrong length');
  if (end - start > MAX_ENTRIES * ENTRY_BYTES)
    throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many SETTINGS');
  for (let pos = start; pos < end; pos += ENTRY_BYTES) {
    applyEntry(peer, bytes.readUInt16BE(pos), readUint32(bytes, pos + 2));
  }
}

/** Other settings do not affect this server. */
function applyEntry(peer: PeerSettings, id: number, value: number): void {
  if (id === Setting.enablePush) expectRange(value, 0, 1, ErrorCode.protocol);
  else if (id === Setting.initialWindowSize) {
    expectRange(value, 0, MAX_WINDOW_BYTES, ErrorCode.flowControl);
    peer.initialWindowBytes = value;
  } else if (id === Setting.headerTableSize) peer.headerTableBytes = value;
  else if (id === Setting.maxFrameSize) {
    // not used: larger frames than the default bring nothing
    expectRange(value, MAX_FRAME_BYTES, MAX_FRAME_SIZE_SETTING, ErrorCode.protocol);
  }
}

function expectRange(value: number, min: number, max: number, code: number): void {
  if (value < min || value > max) throw new ConnectionError(code, 'SETTINGS out of range');
}
