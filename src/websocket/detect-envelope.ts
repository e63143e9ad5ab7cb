import type { Envelope } from './envelope.ts';
import { flagsEnvelope } from './flags-envelope.ts';
import { frameEnvelope } from './frame-envelope.ts';

const BRACE = 0x7b;

/**
 * Detects the generation of a connection by its first message, which opens a call: bytes 4 and 5 are `02 7B` (metadata flag,
 * `{`) in the new one and `01 00` or `01 01` in the old one. Null if it is neither.
 */
export function detectEnvelope(first: Buffer): Envelope | null {
  if (first.length < 6) return null;
  if ((first[4] === 0x02 || first[4] === 0x03) && first[5] === BRACE) return flagsEnvelope;
  if (first[4] === 0x01 && (first[5] === 0x00 || first[5] === 0x01)) return frameEnvelope;
  return null;
}
