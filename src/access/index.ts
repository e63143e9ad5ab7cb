export { Authenticator, type TokenDigests } from './authenticator.ts';
export { SessionTokens } from './session-tokens.ts';
export { parseTokens } from './tokens.ts';
