import { hostNetwork } from './addresses.ts';

/** Counts the open connections of each host: by IPv4 address, or by /64 network of IPv6. */
export class AddressCount {
  private readonly counts = new Map<string, number>();

  of(address: string): number {
    return this.counts.get(hostNetwork(address)) ?? 0;
  }

  add(address: string): void {
    const network = hostNetwork(address);
    this.counts.set(network, (this.counts.get(network) ?? 0) + 1);
  }

  remove(address: string): void {
    const network = hostNetwork(address);
    const left = (this.counts.get(network) ?? 0) - 1;
    if (left > 0) this.counts.set(network, left);
    else this.counts.delete(network);
  }
}
