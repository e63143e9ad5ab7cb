import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { RouterConfig } from '../config/index.ts';
import type { Text } from '../text/index.ts';

/** Permission bits of users other than owner and group. */
const OTHERS = 0o007;
const OTHERS_MAY_WRITE = 0o002;

/** A file with too wide permissions, and the command that corrects them. */
export interface OpenFile {
  readonly text: Text;
  readonly command: string;
}

/** A file with tokens or the session key that other users can read is refused. TLS files cause only a warning, as in other servers. */
export function isRefusedWhenOpen(path: string, config: RouterConfig): boolean {
  return secretFiles(config).includes(path);
}

/** Files whose content proves an identity. */
function secretFiles(config: RouterConfig): readonly string[] {
  return [
    config.authTokensFile,
    config.accessFile,
    config.apiTokensFile,
    config.sessionKeyFile,
    config.clusterSecretFile,
    config.clusterUserFile,
    config.clusterNkeyFile,
    config.clusterCredsFile,
  ].filter((path) => path !== null);
}

/** The problem and the command that corrects it, in one line. */
export function withCommand({ text, command }: OpenFile): Text {
  return { en: `${text.en}; run: ${command}`, ru: `${text.ru}; выполните: ${command}` };
}

/**
 * Permission bits that each security file must not have, by path. Tokens and keys are secrets; certificates are public, but
 * write access to the client CA would allow any client to authenticate.
 */
export function forbiddenModes(config: RouterConfig): ReadonlyMap<string, number> {
  const modes = new Map<string, number>();
  const forbid = (path: string | null, bits: number): void => {
    if (path !== null) modes.set(path, (modes.get(path) ?? 0) | bits);
  };
  for (const path of secretFiles(config)) forbid(path, OTHERS);
  forbid(config.tlsKey, OTHERS);
  forbid(config.clusterTlsKey, OTHERS);
  forbid(config.tlsCert, OTHERS_MAY_WRITE);
  forbid(config.tlsClientCa, OTHERS_MAY_WRITE);
  forbid(config.clusterTlsCa, OTHERS_MAY_WRITE);
  return modes;
}

/** Null when `mode` has none of the forbidden bits. */
export function openTo(path: string, mode: number, forbidden: number): OpenFile | null {
  const bits = mode & forbidden;
  if (bits === 0) return null;
  const shown = (mode & 0o777).toString(8);
  if (forbidden === OTHERS_MAY_WRITE) {
    return {
      text: { en: `${path}: writable by others (mode ${shown})`, ru: `${path}: изменить может любой (права ${shown})` },
      command: `chmod o-w ${path}`,
    };
  }
  return {
    text: { en: `${path}: readable by others (mode ${shown})`, ru: `${path}: доступен всем (права ${shown})` },
    command: `chmod 640 ${path}`,
  };
}

/**
 * The content and the mode of the same file. Follows symlinks, because those of certbot and Kubernetes have mode 777
 * themselves. Throws Node's error.
 */
export function readWithMode(path: string): { readonly bytes: Buffer; readonly mode: number } {
  const descriptor = openSync(path, 'r');
  try {
    return { bytes: readFileSync(descriptor), mode: fstatSync(descriptor).mode };
  } finally {
    closeSync(descriptor);
  }
}
