import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A TCP port that a process listens on. */
export interface OpenPort {
  readonly address: string;
  readonly port: number;
}

interface Listener extends OpenPort {
  readonly inode: string;
}

const LISTENING = '0A';

/**
 * The TCP ports that a process listens on, according to the kernel. Descriptors of a process with more capabilities (such as
 * the systemd service) are unreadable; then those of the ports in `claimed`, the ports that the process reports, that are open.
 */
export function openPorts(pid: number, claimed: readonly number[] = []): OpenPort[] {
  const inodes = socketInodes(pid);
  const isOwn = ({ inode, port }: Listener): boolean => inodes?.has(inode) ?? claimed.includes(port);
  const found = ['tcp', 'tcp6'].flatMap((table) => listeners(`/proc/${pid}/net/${table}`)).filter(isOwn);
  return found.map(({ address, port }) => ({ address, port })).sort((a, b) => a.port - b.port);
}

/** `*:8080`, `127.0.0.1:9090`, `[::1]:8080`. */
export function formatPort({ address, port }: OpenPort): string {
  if (address === '0.0.0.0' || address === '::') return `*:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Inodes of the sockets of a process; null if its descriptors are unreadable. The kernel still lists their numbers then. */
function socketInodes(pid: number): Set<string> | null {
  const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const targets = descriptors.map((descriptor) => attempt(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`)));
  if (targets.every((target) => target === null)) return null;
  const inodes = targets.map((target) => /^socket:\[(\d+)\]$/.exec(target ?? '')?.[1]);
  return new Set(inodes.filter((inode) => inode !== undefined));
}

function listeners(table: string): Listener[] {
  const text = attempt(() => readFileSync(table, 'latin1')) ?? '';
  return text.split('\n').slice(1).flatMap(parseLine);
}

/** One line of /proc/net/tcp: `0: 0100007F:1F90 00000000:0000 0A … inode …`. */
function parseLine(line: string): Listener[] {
  const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
  const [address = '', port = ''] = local.split(':');
  if (state !== LISTENING) return [];
  return [{ address: parseAddress(address), port: Number.parseInt(port, 16), inode }];
}

/** The kernel prints addresses as 32-bit words in the byte order of the machine. */
export function parseAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex').swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1); // in its short form
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null; // closed meanwhile, or owned by another user
  }
}
