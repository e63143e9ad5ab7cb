import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Carrier, CarrierEvents } from '../carrier.ts';

const SIGNATURE_BYTES = 16;

/**
 * Signs each message of another carrier with a secret of the cluster (HMAC-SHA256, 16 bytes), and drops those without a
 * valid signature. Repetition needs no protection here: the link accepts each envelope once.
 */
export class SignedCarrier implements Carrier {
  /** Messages without a valid signature. */
  rejected = 0;
  private readonly carrier: Carrier;
  private readonly secret: Buffer;
  private readonly onRejected: () => void;

  constructor(carrier: Carrier, secret: Buffer, onRejected: () => void) {
    this.carrier = carrier;
    this.secret = secret;
    this.onRejected = onRejected;
  }

  get maxBytes(): number {
    return this.carrier.maxBytes - SIGNATURE_BYTES;
  }

  open(events: CarrierEvents): void {
    this.carrier.open({
      onData: (bytes) => this.verify('data', bytes, (signed) => events.onData(signed)),
      onAnnounce: (bytes) => this.verify('announce', bytes, (signed) => events.onAnnounce(signed)),
      onState: (up) => events.onState(up),
      onPeerLost: (peer) => events.onPeerLost(peer),
    });
  }

  send(peer: string, parts: readonly Buffer[], bytes: number): void {
    this.carrier.send(peer, [...parts, this.signature('data', parts)], bytes + SIGNATURE_BYTES);
  }

  announce(bytes: Buffer): void {
    this.carrier.announce(Buffer.concat([bytes, this.signature('announce', [bytes])]));
  }

  flush(): Promise<void> {
    return this.carrier.flush?.() ?? Promise.resolve();
  }

  destroy(): void {
    this.carrier.destroy();
  }

  private verify(use: string, bytes: Buffer, take: (signed: Buffer) => void): void {
    const end = bytes.length - SIGNATURE_BYTES;
    if (end > 0) {
      const signed = bytes.subarray(0, end);
      if (timingSafeEqual(this.signature(use, [signed]), bytes.subarray(end))) {
        take(signed);
        return;
      }
    }
    this.rejected++;
    this.onRejected();
  }

  private signature(use: string, parts: readonly Buffer[]): Buffer {
    const hmac = createHmac('sha256', this.secret).update(use);
    for (const part of parts) hmac.update(part);
    return hmac.digest().subarray(0, SIGNATURE_BYTES);
  }
}
