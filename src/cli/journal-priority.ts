import { fstatSync } from 'node:fs';

/** syslog priorities, as `journalctl -p` names them. */
const PRIORITIES = { error: 3, warning: 4 } as const;

/**
 * Marks each line with its priority when the stream goes to the systemd journal: `<3>` at the start of a line, sd-daemon(3).
 * Returns the text unchanged for every other stream.
 */
export function withPriority(
  stream: NodeJS.WriteStream,
  severity: keyof typeof PRIORITIES,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return isJournal(stream, env) ? text.replace(/^/gm, `<${PRIORITIES[severity]}>`) : text;
}

/** systemd names the stream of a service by device and inode, since the variable outlives a redirection. */
function isJournal(stream: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.JOURNAL_STREAM === undefined) return false;
  try {
    const { dev, ino } = fstatSync((stream as { fd?: number }).fd ?? -1, { bigint: true });
    return env.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
