import { BlockList, isIP } from 'node:net';
import type { Text } from '../text/index.ts';

/** Trusted without `--trusted-proxies`. */
const LOOPBACK = '127.0.0.0/8,::1';

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** The addresses of `--trusted-proxies`, which `checkTrustedProxies` has accepted. */
export function trustedProxies(text: string | null): BlockList {
  const list = new BlockList();
  for (const entry of entriesOf(text ?? LOOPBACK)) {
    const network = parseNetwork(entry);
    if (network !== null) list.addSubnet(network.address, network.prefix, network.family);
  }
  return list;
}

/** The problems of `--trusted-proxies`; `where` names its source. */
export function checkTrustedProxies(text: string | null, where: string): Text[] {
  if (text === null) return [];
  const entries = entriesOf(text);
  const invalid = entries.filter((entry) => parseNetwork(entry) === null);
  if (entries.length > 0 && invalid.length === 0) return [];
  const got = { en: invalid.join(', ') || 'nothing', ru: invalid.join(', ') || 'пустое значение' };
  return [
    {
      en: `${where} must be IP addresses or networks such as 10.0.0.5 or fd00::/8, got ${got.en}`,
      ru: `${where} нужны IP-адреса или сети вида 10.0.0.5 или fd00::/8, указано ${got.ru}`,
    },
  ];
}

function entriesOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function parseNetwork(text: string): Network | null {
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  if (version === 0 || address.includes('%') || rest.length > 0) return null;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null;
  const prefix = length === undefined ? bits : Number(length);
  return prefix > bits ? null : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
