import { createHash } from 'node:crypto';
import { parseTokens, type TokenDigests } from '../access/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { loadTls, type TlsMaterial } from '../net/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';
import { forbiddenModes, isRefusedWhenOpen, openTo, readWithMode, withCommand } from './secret-files.ts';

/** What the files that the configuration names say about who may come in. */
export interface SecurityFiles {
  readonly tls: TlsMaterial | null;
  readonly tokens: TokenDigests | null;
  /** Digests of the files' content by their paths: a renewed certificate has the same name. */
  readonly digests: ReadonlyMap<string, string>;
  /** TLS files that more users have access to than should. */
  readonly warnings: readonly Text[];
}

export type LoadedSecurity =
  | { readonly ok: true; readonly files: SecurityFiles }
  | { readonly ok: false; readonly problems: readonly Text[] };

/** Reads and checks TLS and tokens files, their permissions too; collects the problems of all. */
export function loadSecurity(config: RouterConfig): LoadedSecurity {
  const problems: Text[] = [];
  const warnings: Text[] = [];
  const digests = new Map<string, string>();
  const forbidden = forbiddenModes(config);
  const read = (path: string): Buffer => {
    const { bytes, mode } = readWithMode(path);
    const open = openTo(path, mode, forbidden.get(path) ?? 0);
    if (open !== null) (isRefusedWhenOpen(path, config) ? problems : warnings).push(withCommand(open));
    digests.set(path, createHash('sha256').update(bytes).digest('hex'));
    return bytes;
  };
  const attempt = <T>(load: () => T | null): T | null => {
    try {
      return load();
    } catch (error) {
      problems.push(...(error instanceof Problems ? error.list : [explainSystemError(error)]));
      return null;
    }
  };
  const tls = attempt(() => loadTls(config, read, Date.now()));
  const tokens = attempt(() => (config.authTokensFile === null ? null : readTokens(config.authTokensFile, read)));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, files: { tls, tokens, digests, warnings } };
}

function readTokens(path: string, read: (path: string) => Buffer): TokenDigests {
  let text: string;
  try {
    text = read(path).toString('utf8');
  } catch (error) {
    const { en, ru } = explainSystemError(error);
    throw new Problems({ en: `${path}: cannot be read: ${en}`, ru: `${path}: не читается: ${ru}` });
  }
  return parseTokens(path, text);
}
