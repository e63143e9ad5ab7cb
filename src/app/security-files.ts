import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { RouterConfig } from '../config/index.ts';
import { loadTls, parseTokens, type TlsMaterial, type TokenDigests } from '../grpc/index.ts';

/** What the files that the configuration names say about who may come in. */
export interface SecurityFiles {
  readonly tls: TlsMaterial | null;
  readonly tokens: TokenDigests | null;
}

export type LoadedSecurity =
  | { readonly ok: true; readonly files: SecurityFiles }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads and checks TLS and tokens files; collects the problems of both. */
export function loadSecurity(config: RouterConfig): LoadedSecurity {
  const problems: string[] = [];
  const attempt = <T>(load: () => T | null): T | null => {
    try {
      return load();
    } catch (error) {
      problems.push(...(error as Error).message.split('\n'));
      return null;
    }
  };
  const tls = attempt(() => loadTls(config, (path) => readFileSync(path), Date.now()));
  const tokens = attempt(() => (config.authTokensFile === null ? null : readTokens(config.authTokensFile)));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, files: { tls, tokens } };
}

function readTokens(path: string): TokenDigests {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new Error(`${path}: cannot be read: ${(error as Error).message}`);
  }
  try {
    return parseTokens(path, { text: readFileSync(descriptor, 'utf8'), mode: fstatSync(descriptor).mode });
  } finally {
    closeSync(descriptor);
  }
}
