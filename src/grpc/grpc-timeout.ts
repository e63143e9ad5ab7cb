const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

/** The milliseconds that a `grpc-timeout` header gives (gRPC over HTTP/2, "Timeout"); null for none, or a senseless one. */
export function timeoutMsOf(header: string | null): number | null {
  const match = header === null ? null : TIMEOUT.exec(header);
  if (match === null) return null;
  return Math.ceil(Number(match[1]) * (UNITS_MS[match[2] as string] as number));
}
