import { ErrorCode, LARGEST_FRAME_BYTES, MAX_FRAME_BYTES, MAX_WINDOW_BYTES, readUint32, Setting } from './frames.ts';

/** What a client's SETTINGS mean for us. */
export interface PeerSettings {
  /** The send window that new streams begin with. */
  initialWindowBytes: number;
  /** The longest frame that the client accepts. */
  maxFrameBytes: number;
}

const ENTRY_BYTES = 6;
/** More entries than there are settings serve nothing. */
const MAX_ENTRIES = 32;

/** Puts the entries of a SETTINGS frame into `peer`; an error code when they are not valid, 0 when they are. */
export function applySettings(peer: PeerSettings, bytes: Buffer, start: number, end: number): number {
  if ((end - start) % ENTRY_BYTES !== 0) return ErrorCode.frameSize;
  if (end - start > MAX_ENTRIES * ENTRY_BYTES) return ErrorCode.enhanceYourCalm;
  for (let pos = start; pos < end; pos += ENTRY_BYTES) {
    const fault = applyEntry(peer, bytes.readUInt16BE(pos), readUint32(bytes, pos + 2));
    if (fault !== ErrorCode.none) return fault;
  }
  return ErrorCode.none;
}

function applyEntry(peer: PeerSettings, id: number, value: number): number {
  if (id === Setting.enablePush) return value > 1 ? ErrorCode.protocol : ErrorCode.none;
  if (id === Setting.initialWindowSize) {
    if (value > MAX_WINDOW_BYTES) return ErrorCode.flowControl;
    peer.initialWindowBytes = value;
  }
  if (id === Setting.maxFrameSize) {
    if (value < MAX_FRAME_BYTES || value > LARGEST_FRAME_BYTES) return ErrorCode.protocol;
    peer.maxFrameBytes = value;
  }
  // what else there is concerns header tables and streams that we do not use
  return ErrorCode.none;
}
