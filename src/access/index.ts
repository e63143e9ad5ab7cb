export { type AccessFile, parseAccessFile } from './access-file.ts';
export { type ApiPrincipal, type ApiScope, ApiTokens, parseApiTokens } from './api-tokens.ts';
export { Authenticator } from './authenticator.ts';
export { JwtVerifier } from './jwt-verifier.ts';
export { type AccessRules, accessRules } from './rules.ts';
export { SessionTokens } from './session-tokens.ts';
export { type ParsedTokens, parseTokens, type TokenDigests } from './tokens.ts';
