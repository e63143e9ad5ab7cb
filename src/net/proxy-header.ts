import { isIPv4, isIPv6 } from 'node:net';

/** Address and port of the client for which a proxy has opened a connection. */
export interface ProxiedClient {
  readonly address: string;
  readonly port: number;
}

export interface ProxyHeader {
  /** Null when the connection is the proxy's own, for example a health check, or when the family is not TCP. */
  readonly client: ProxiedClient | null;
  readonly bytes: number;
}

/** Longest header of version 1, CRLF included. */
const V1_MAX_BYTES = 107;
/** Longest accepted header of version 2: the addresses and 4 KiB of TLVs, which are skipped. */
const V2_MAX_BYTES = 4096 + 52;
const V1_START = Buffer.from('PROXY ');
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n');
const V2_HEAD_BYTES = 16;
const V1_LINE = /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/;
const V1_UNKNOWN = /^PROXY UNKNOWN(?: [^\r\n]*)?$/;

const VERSION_2 = 0x20;
const COMMAND_LOCAL = 0x0;
const COMMAND_PROXY = 0x1;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

/**
 * Parses the PROXY protocol header, version 1 or 2, at the start of `received`: everything received so far. Null until it is
 * complete. Throws an Error with the reason when it is malformed or too long.
 */
export function parseProxyHeader(received: Buffer): ProxyHeader | null {
  if (startsLike(received, V2_START)) return parseV2(received);
  if (startsLike(received, V1_START)) return parseV1(received);
  throw new Error('no PROXY protocol header');
}

/** Whether `received` starts with `start`, or is a part of it. */
function startsLike(received: Buffer, start: Buffer): boolean {
  const length = Math.min(received.length, start.length);
  return received.subarray(0, length).equals(start.subarray(0, length));
}

function parseV1(received: Buffer): ProxyHeader | null {
  const end = received.subarray(0, V1_MAX_BYTES).indexOf('\r\n');
  if (end < 0) {
    if (received.length < V1_MAX_BYTES) return null;
    throw new Error(`PROXY header longer than ${V1_MAX_BYTES} bytes`);
  }
  const line = received.toString('latin1', 0, end);
  const bytes = end + 2;
  if (V1_UNKNOWN.test(line)) return { client: null, bytes };
  const [, family, address = '', destination = '', port, destinationPort] = V1_LINE.exec(line) ?? [];
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  const ports = [Number(port), Number(destinationPort)];
  if (family === undefined || !isAddress(address) || !isAddress(destination) || ports.some((n) => n > 65535)) {
    throw new Error('malformed PROXY header of version 1');
  }
  return { client: { address, port: Number(port) }, bytes };
}

function parseV2(received: Buffer): ProxyHeader | null {
  if (received.length < V2_HEAD_BYTES) return null;
  const versionAndCommand = received.readUInt8(12);
  const command = versionAndCommand & 0x0f;
  const length = received.readUInt16BE(14);
  const bytes = V2_HEAD_BYTES + length;
  if ((versionAndCommand & 0xf0) !== VERSION_2 || command > COMMAND_PROXY) {
    throw new Error('malformed PROXY header of version 2');
  }
  if (bytes > V2_MAX_BYTES) throw new Error(`PROXY header longer than ${V2_MAX_BYTES} bytes`);
  if (received.length < bytes) return null;
  if (command === COMMAND_LOCAL) return { client: null, bytes };
  return { client: clientOfV2(received.readUInt8(13), received.subarray(V2_HEAD_BYTES, bytes)), bytes };
}

/** Source address, destination address, source port, destination port, TLVs. */
function clientOfV2(family: number, addresses: Buffer): ProxiedClient | null {
  if (family !== TCP_OVER_IPV4 && family !== TCP_OVER_IPV6) return null;
  const addressBytes = family === TCP_OVER_IPV4 ? 4 : 16;
  if (addresses.length < 2 * addressBytes + 4) throw new Error('PROXY header of version 2 without its addresses');
  const source = addresses.subarray(0, addressBytes);
  const port = addresses.readUInt16BE(2 * addressBytes);
  if (family === TCP_OVER_IPV4) return { address: source.join('.'), port };
  const groups = Array.from({ length: 8 }, (_, index) => source.readUInt16BE(2 * index).toString(16));
  return { address: groups.join(':'), port };
}
