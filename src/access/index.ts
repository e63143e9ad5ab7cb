export { Authenticator, type TokenDigests } from './authenticator.ts';
export { SessionTokens } from './session-tokens.ts';
export { type ParsedTokens, parseTokens } from './tokens.ts';
