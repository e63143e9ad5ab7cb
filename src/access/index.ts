export { Authenticator, type TokenDigests } from './authenticator.ts';
export { parseTokens } from './tokens.ts';
