import { createHash, createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { SessionClaim, SessionTokenCodec, VerifiedClaim } from '../router/index.ts';

const VERSION = 2;
/** Without an owner; tokens of releases before. */
const VERSION_WITHOUT_OWNER = 1;
const MAC_BYTES = 32;
/** Version, expiry in seconds, generation. */
const HEAD_BYTES = 9;
/** Beginning of the SHA-256 of the owner: enough, since the token is signed. */
const OWNER_BYTES = 8;
/** A client id has 43 bytes; longer tokens are refused before anything is computed. */
const MAX_TOKEN_CHARS = 512;
/** Leaves as many generations, which have four bytes. */
const MAX_FIRST_GENERATION = 2 ** 31;

/**
 * Makes and verifies session tokens: `base64url(version, expiry, generation, owner, client id, HMAC-SHA256)`. They are bearer
 * secrets: the holder acts as the client. Never log them.
 */
export class SessionTokens implements SessionTokenCodec {
  private readonly key: Buffer;

  /** `key`: from a file, so that tokens survive a restart; null for a random one. */
  constructor(key: Buffer | null) {
    this.key = key ?? randomBytes(MAC_BYTES);
  }

  /** A token of `owner` for `claim`, valid until `expiresAtMs` (milliseconds since the epoch, rounded up to a second). */
  issue(claim: SessionClaim, owner: string, expiresAtMs: number): string {
    const id = Buffer.from(claim.clientId, 'utf8');
    const signed = Buffer.allocUnsafe(HEAD_BYTES + OWNER_BYTES + id.length);
    signed[0] = VERSION;
    signed.writeUInt32BE(Math.ceil(expiresAtMs / 1000), 1);
    signed.writeUInt32BE(claim.generation, 5);
    digestOf(owner).copy(signed, HEAD_BYTES);
    id.copy(signed, HEAD_BYTES + OWNER_BYTES);
    return Buffer.concat([signed, this.mac(signed)]).toString('base64url');
  }

  firstGeneration(): number {
    return randomInt(MAX_FIRST_GENERATION);
  }

  /** The claim of `token`; null when it was not issued with this key. */
  verify(token: string): VerifiedClaim | null {
    if (token.length > MAX_TOKEN_CHARS) return null;
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length <= HEAD_BYTES + MAC_BYTES) return null;
    const signed = bytes.subarray(0, bytes.length - MAC_BYTES);
    if (!timingSafeEqual(this.mac(signed), bytes.subarray(signed.length))) return null;
    const [version] = signed;
    if (version !== VERSION && version !== VERSION_WITHOUT_OWNER) return null;
    const ownerEnd = HEAD_BYTES + (version === VERSION ? OWNER_BYTES : 0);
    const ownerDigest = version === VERSION ? signed.subarray(HEAD_BYTES, ownerEnd) : digestOf('');
    return {
      clientId: signed.toString('utf8', ownerEnd),
      generation: signed.readUInt32BE(5),
      expiresAtMs: signed.readUInt32BE(1) * 1000,
      isOwnedBy: (owner) => digestOf(owner).equals(ownerDigest),
    };
  }

  private mac(signed: Buffer): Buffer {
    return createHmac('sha256', this.key).update(signed).digest();
  }
}

function digestOf(owner: string): Buffer {
  return createHash('sha256').update(owner).digest().subarray(0, OWNER_BYTES);
}
