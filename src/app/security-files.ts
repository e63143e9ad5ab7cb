import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type AccessFile,
  type AccessRules,
  type ApiTokens,
  accessRules,
  JwtVerifier,
  type ParsedTokens,
  parseAccessFile,
  parseApiTokens,
  parseTokens,
  type TokenDigests,
} from '../access/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { loadTls, type TlsMaterial } from '../net/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';
import { type ClusterFiles, loadClusterFiles } from './cluster-files.ts';
import { forbiddenModes, isRefusedWhenOpen, openTo, readWithMode, withCommand } from './secret-files.ts';

/** TLS material and tokens, read from the configured files. */
export interface SecurityFiles {
  readonly tls: TlsMaterial | null;
  readonly tokens: TokenDigests | null;
  readonly accessFile: AccessFile | null;
  /** Verifier of JWTs; null without issuers in the access file. */
  readonly jwt: JwtVerifier | null;
  /** Of both files; null without authentication by token. */
  readonly access: AccessRules | null;
  /** Tokens of the HTTP API. */
  readonly apiTokens: ApiTokens | null;
  /** Digests of the file contents by path: a renewed certificate has the same path. */
  readonly digests: ReadonlyMap<string, string>;
  /** Key of session tokens; null for a random one. */
  readonly sessionKey: Buffer | null;
  readonly cluster: ClusterFiles;
  /** Warnings about TLS files with too wide permissions and about tokens that are easy to guess. */
  readonly warnings: readonly Text[];
}

export type LoadedSecurity =
  | { readonly ok: true; readonly files: SecurityFiles }
  | { readonly ok: false; readonly problems: readonly Text[] };

/** Reads and checks TLS and tokens files and their permissions; collects the problems of all files. */
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
  const parsed = attempt(() => (config.authTokensFile === null ? null : readTokens(config.authTokensFile, read)));
  const accessFile = attempt(() => (config.accessFile === null ? null : readAccess(config.accessFile, read)));
  const tokens = parsed?.tokens ?? null;
  const access = attempt(() => accessRules(tokens, accessFile));
  const jwt =
    accessFile === null || accessFile.issuers.length === 0
      ? null
      : new JwtVerifier(accessFile.issuers, accessFile.roles);
  const sessionKey = attempt(() => (config.sessionKeyFile === null ? null : readKey(config.sessionKeyFile, read)));
  const apiTokens = attempt(() => (config.apiTokensFile === null ? null : readApiTokens(config.apiTokensFile, read)));
  const cluster = attempt(() => loadClusterFiles(config, (path) => readNamed(path, read)));
  warnings.push(...(parsed?.warnings ?? []), ...(accessFile?.warnings ?? []), ...(apiTokens?.warnings ?? []));
  if (problems.length > 0 || cluster === null) return { ok: false, problems };
  return {
    ok: true,
    files: { tls, tokens, accessFile, jwt, access, apiTokens, sessionKey, cluster, digests, warnings },
  };
}

/** Readers of the files with tokens, by their option. */
const TOKENS_READERS = { 'auth-tokens-file': readTokens, 'access-file': readAccess, 'api-tokens-file': readApiTokens };
export type TokensOption = keyof typeof TOKENS_READERS;

export function isTokensOption(option: string): option is TokensOption {
  return Object.hasOwn(TOKENS_READERS, option);
}

/** Problems and warnings of a file with tokens. */
export function checkTokensFile(
  path: string,
  option: TokensOption,
): { readonly problems: readonly Text[]; readonly warnings: readonly Text[] } {
  try {
    return { problems: [], warnings: TOKENS_READERS[option](path, (file) => readFileSync(file)).warnings };
  } catch (error) {
    if (!(error instanceof Problems)) throw error;
    return { problems: error.list, warnings: [] };
  }
}

function readTokens(path: string, read: (path: string) => Buffer): ParsedTokens {
  return parseTokens(path, readNamed(path, read).toString('utf8'));
}

function readAccess(path: string, read: (path: string) => Buffer): AccessFile {
  return parseAccessFile(path, readNamed(path, read).toString('utf8'), Date.now(), (keys) => readNamed(keys, read));
}

function readApiTokens(path: string, read: (path: string) => Buffer): ApiTokens {
  return parseApiTokens(path, readNamed(path, read).toString('utf8'));
}

/** Bytes of a session key: as many as its HMAC-SHA256 yields. */
const MIN_KEY_BYTES = 32;

function readKey(path: string, read: (path: string) => Buffer): Buffer {
  const key = readNamed(path, read);
  if (key.length >= MIN_KEY_BYTES) return key;
  throw new Problems({
    en: `${path}: a session key needs at least ${MIN_KEY_BYTES} bytes, got ${key.length}; run: openssl rand -out ${path} ${MIN_KEY_BYTES}`,
    ru: `${path}: ключ сессий должен иметь не менее ${MIN_KEY_BYTES} байт, в нём ${key.length}; выполните: openssl rand -out ${path} ${MIN_KEY_BYTES}`,
  });
}

/** Reads `path`; the problem names it. */
function readNamed(path: string, read: (path: string) => Buffer): Buffer {
  try {
    return read(path);
  } catch (error) {
    const { en, ru } = explainSystemError(error);
    throw new Problems({ en: `${path}: cannot be read: ${en}`, ru: `${path}: не читается: ${ru}` });
  }
}
