import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { SessionClaim, SessionTokenCodec } from '../router/index.ts';

const VERSION = 1;
const MAC_BYTES = 32;
/** Version, expiry in seconds, generation. */
const HEAD_BYTES = 9;
/** A client id has 43 bytes; longer tokens are refused before anything is computed. */
const MAX_TOKEN_CHARS = 512;
/** Leaves as many generations, which have four bytes. */
const MAX_FIRST_GENERATION = 2 ** 31;

/**
 * Makes and verifies session tokens: `base64url(version, expiry, generation, client id, HMAC-SHA256)`. They are bearer
 * secrets: the holder acts as the client. Never log them.
 */
export class SessionTokens implements SessionTokenCodec {
  private readonly key: Buffer;

  /** `key`: from a file, so that tokens survive a restart; null for a random one. */
  constructor(key: Buffer | null) {
    this.key = key ?? randomBytes(MAC_BYTES);
  }

  /** A token for `claim`, valid until `expiresAtMs` (milliseconds since the epoch, rounded up to a second). */
  issue(claim: SessionClaim, expiresAtMs: number): string {
    const id = Buffer.from(claim.clientId, 'utf8');
    const signed = Buffer.allocUnsafe(HEAD_BYTES + id.length);
    signed[0] = VERSION;
    signed.writeUInt32BE(Math.ceil(expiresAtMs / 1000), 1);
    signed.writeUInt32BE(claim.generation, 5);
    id.copy(signed, HEAD_BYTES);
    return Buffer.concat([signed, this.mac(signed)]).toString('base64url');
  }

  firstGeneration(): number {
    return randomInt(MAX_FIRST_GENERATION);
  }

  /** The claim of `token`; null when it was not issued with this key. */
  verify(token: string): (SessionClaim & { readonly expiresAtMs: number }) | null {
    if (token.length > MAX_TOKEN_CHARS) return null;
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length <= HEAD_BYTES + MAC_BYTES) return null;
    const signed = bytes.subarray(0, bytes.length - MAC_BYTES);
    if (!timingSafeEqual(this.mac(signed), bytes.subarray(signed.length))) return null;
    if (signed[0] !== VERSION) return null;
    return {
      clientId: signed.toString('utf8', HEAD_BYTES),
      generation: signed.readUInt32BE(5),
      expiresAtMs: signed.readUInt32BE(1) * 1000,
    };
  }

  private mac(signed: Buffer): Buffer {
    return createHmac('sha256', this.key).update(signed).digest();
  }
}
