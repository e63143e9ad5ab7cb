import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { RouterConfig } from '../config/index.ts';
import { loadTls, parseTokens, type TlsMaterial, type TokenDigests } from '../grpc/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';

/** What the files that the configuration names say about who may come in. */
export interface SecurityFiles {
  readonly tls: TlsMaterial | null;
  readonly tokens: TokenDigests | null;
}

export type LoadedSecurity =
  | { readonly ok: true; readonly files: SecurityFiles }
  | { readonly ok: false; readonly problems: readonly Text[] };

/** Reads and checks TLS and tokens files; collects the problems of both. */
export function loadSecurity(config: RouterConfig): LoadedSecurity {
  const problems: Text[] = [];
  const attempt = <T>(load: () => T | null): T | null => {
    try {
      return load();
    } catch (error) {
      problems.push(...(error instanceof Problems ? error.list : [explainSystemError(error)]));
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
    throw unreadable(path, error);
  }
  try {
    return parseTokens(path, { text: readWhole(path, descriptor), mode: fstatSync(descriptor).mode });
  } finally {
    closeSync(descriptor);
  }
}

function readWhole(path: string, descriptor: number): string {
  try {
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Problems {
  const { en, ru } = explainSystemError(error);
  return new Problems({ en: `${path}: cannot be read: ${en}`, ru: `${path}: не читается: ${ru}` });
}
