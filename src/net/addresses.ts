import { isIPv4, isIPv6, SocketAddress } from 'node:net';

const MAPPED_IPV4 = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** The usual form of an IP address; IPv4 also where a socket reports it as `::ffff:10.0.0.7`. */
export function canonicalAddress(address: string): string {
  if (isIPv4(address) || !isIPv6(address)) return address;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(MAPPED_IPV4, '');
}

/** The addresses that one host controls: an IPv4 address, or the /64 network of an IPv6 address. `address` is canonical. */
export function hostNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => '0');
  return `${[...groups, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
