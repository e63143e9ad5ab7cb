import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouterStatus } from '../telemetry/index.ts';
import type { RequestHandler } from './http-endpoint.ts';
import { respond, respondJson, respondText } from './http-respond.ts';
import { type PageAsset, PageAssets } from './status-page.ts';
import type { StatusStream } from './status-stream.ts';

export interface RouteDependencies {
  /** Text of `/metrics`. */
  readonly metrics: () => Promise<string>;
  readonly metricsContentType: string;
  readonly stream: StatusStream;
  readonly status: () => RouterStatus;
  /** Status for `/api/status`; with several workers it is collected first. */
  readonly freshStatus: () => RouterStatus | Promise<RouterStatus>;
  readonly history: () => unknown;
  /** Handler of `/api/clients`. */
  readonly clients: (response: ServerResponse) => Promise<void>;
  /** Handler of `POST /api/restart`; null where restarts cannot be requested. */
  readonly restart: RequestHandler | null;
  /** Handler of `/api/v1/…`; null where the HTTP API is not served. */
  readonly api: RequestHandler | null;
  readonly state: () => RouterStatus['state'];
  /** Whether the router cannot reach the others of its cluster, and is ready all the same. */
  readonly degraded?: () => 'no' | 'ready' | 'unready';
  /**
   * Whether the `Host` header must name the loopback interface: prevents DNS rebinding, by which a web page in a browser on
   * this host could read the endpoint.
   */
  readonly onlyLoopbackNames: boolean;
}

type Route = (response: ServerResponse) => void | Promise<void>;

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Request handler of the metrics port and the control socket. */
export function createRoutes(deps: RouteDependencies): RequestHandler {
  const assets = new PageAssets();
  const routes: Readonly<Record<string, Route>> = {
    '/metrics': async (response) => respond(response, 200, deps.metricsContentType, await deps.metrics()),
    '/healthz': (response) => respondText(response, 200, 'ok'),
    '/readyz': (response) => respondReadiness(response, deps),
    '/api/status': async (response) => respondJson(response, await deps.freshStatus()),
    '/api/status/history': (response) => respondJson(response, deps.history()),
    '/api/status/stream': (response) => deps.stream.add(response, deps.status),
    '/api/clients': deps.clients,
  };
  return (request, response) => {
    if (deps.restart !== null && request.method === 'POST' && pathOf(request) === '/api/restart') {
      deps.restart(request, response);
      return;
    }
    if (deps.api !== null && request.url?.startsWith('/api/v1/')) {
      deps.api(request, response);
      return;
    }
    const refusal = checkRequest(request, deps.onlyLoopbackNames);
    if (refusal !== null) {
      if (refusal.status === 405) response.setHeader('allow', 'GET, HEAD');
      respondText(response, refusal.status, refusal.text);
      return;
    }
    const path = pathOf(request);
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    void serve(route ?? ((to) => serveAsset(assets.get(path), to)), response);
  };
}

function respondReadiness(response: ServerResponse, { state, degraded }: RouteDependencies): void {
  const degradation = state() === 'ready' ? (degraded?.() ?? 'no') : 'no';
  if (degradation === 'no') respondText(response, state() === 'ready' ? 200 : 503, state());
  else respondText(response, degradation === 'ready' ? 200 : 503, 'degraded');
}

function checkRequest(request: IncomingMessage, onlyLoopbackNames: boolean): { status: number; text: string } | null {
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, text: 'Only GET and HEAD' };
  if (onlyLoopbackNames && !LOOPBACK_NAME.test(request.headers.host ?? '')) {
    return { status: 421, text: 'Unknown host name: use localhost, or bind metrics-host to an address' };
  }
  return null;
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** Answers 500 when a route throws, for instance because a file of the page cannot be read. */
async function serve(route: Route, response: ServerResponse): Promise<void> {
  try {
    await route(response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else respondText(response, 500, (error as Error).message);
  }
}

function serveAsset(asset: PageAsset | null, response: ServerResponse): void {
  if (asset === null) respondText(response, 404, 'Not found');
  else respond(response, 200, asset.contentType, asset.body);
}
