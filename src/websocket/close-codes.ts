import type { CloseReason } from '../router/index.ts';

/** Close codes of RFC 6455, section 7.4.1, and the IANA registry. */
export const CloseCode = { goingAway: 1001, protocolError: 1002, policy: 1008, tryAgainLater: 1013 } as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** The close code for each reason of the router to close a connection. */
export const CODE_OF_REASON: Readonly<Record<CloseReason, CloseCode>> = {
  connectionLost: CloseCode.goingAway,
  inactivityTimeout: CloseCode.policy,
  zombie: CloseCode.policy,
  slowReaderBytes: CloseCode.policy,
  slowReaderDeadline: CloseCode.policy,
  memoryPressure: CloseCode.tryAgainLater,
  sessionEnded: CloseCode.goingAway,
  sessionExpired: CloseCode.goingAway,
  tokenRevoked: CloseCode.policy,
  tokenExpired: CloseCode.policy,
  connectionLimitLowered: CloseCode.tryAgainLater,
  shutdown: CloseCode.goingAway,
  operator: CloseCode.policy,
};
