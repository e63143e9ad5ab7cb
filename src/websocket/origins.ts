const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' };

/** The origins that may open a WebSocket besides that of the router itself: `*`, or texts such as `https://app.example.com`. */
export function parseOrigins(text: string | null): ReadonlySet<string> {
  const origins = (text ?? '').split(',').map((origin) => origin.trim().toLowerCase().replace(/\/$/, ''));
  return new Set(origins.filter((origin) => origin !== ''));
}

/**
 * Whether a browser may open a WebSocket from a page of `origin` (RFC 6455, section 10.2). A client without `origin` is not a
 * browser. Otherwise the page must come from the host of the request, or from one of `allowed`.
 */
export function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: ReadonlySet<string>,
): boolean {
  if (origin === undefined || allowed.has('*') || allowed.has(origin.toLowerCase())) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const port = DEFAULT_PORTS[protocol];
  if (port === undefined || originHost === '') return false;
  return host.toLowerCase().replace(new RegExp(`${port}$`), '') === originHost;
}
