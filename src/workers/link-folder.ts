import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Leaves room for the names of folder and socket: the path of a Unix socket has at most 103 bytes (macOS; Linux 107). */
const MAX_BASE_BYTES = 56;

/** Makes the private folder of the sockets between workers: below TMPDIR, or in /tmp if that path is too long. */
export function makeLinkFolder(): string {
  const base = Buffer.byteLength(tmpdir()) > MAX_BASE_BYTES ? '/tmp' : tmpdir();
  return mkdtempSync(join(base, 'rpc-router-'));
}
