import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { RouterStatus } from '../telemetry/index.ts';
import type { RequestHandler } from './http-endpoint.ts';
import { respond, respondJson, respondText } from './http-respond.ts';
import { pageAsset } from './status-page.ts';
import type { StatusStream } from './status-stream.ts';

export interface RouteDependencies {
  readonly registry: Registry;
  readonly stream: StatusStream;
  readonly status: () => RouterStatus;
  readonly history: () => unknown;
  /** Answers `/api/clients`. */
  readonly clients: (response: ServerResponse) => Promise<void>;
  readonly state: () => RouterStatus['state'];
  /**
   * Whether the `Host` header must name this machine's loopback. It keeps a web page that somebody visits from reading
   * the endpoint through a name of its own (DNS rebinding).
   */
  readonly onlyLoopbackNames: boolean;
}

type Route = (response: ServerResponse) => void | Promise<void>;

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** What the metrics port and the control socket answer. */
export function createRoutes(deps: RouteDependencies): RequestHandler {
  const routes: Readonly<Record<string, Route>> = {
    '/metrics': async (response) => respond(response, 200, deps.registry.contentType, await deps.registry.metrics()),
    '/healthz': (response) => respondText(response, 200, 'ok'),
    '/readyz': (response) => respondText(response, deps.state() === 'ready' ? 200 : 503, deps.state()),
    '/api/status': (response) => respondJson(response, deps.status()),
    '/api/status/history': (response) => respondJson(response, deps.history()),
    '/api/status/stream': (response) => deps.stream.add(response, deps.status),
    '/api/clients': deps.clients,
  };
  return (request, response) => {
    const refusal = refusalOf(request, deps.onlyLoopbackNames);
    if (refusal !== null) {
      if (refusal.status === 405) response.setHeader('allow', 'GET, HEAD');
      respondText(response, refusal.status, refusal.text);
      return;
    }
    const path = pathOf(request);
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    void answer(route ?? ((to) => answerAsset(path, to)), response);
  };
}

function refusalOf(request: IncomingMessage, onlyLoopbackNames: boolean): { status: number; text: string } | null {
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

/** A route that throws is a failed request, never the end of the router: files of the page are read when asked for. */
async function answer(route: Route, response: ServerResponse): Promise<void> {
  try {
    await route(response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else respondText(response, 500, (error as Error).message);
  }
}

function answerAsset(path: string, response: ServerResponse): void {
  const asset = pageAsset(path);
  if (asset === null) respondText(response, 404, 'Not found');
  else respond(response, 200, asset.contentType, asset.body);
}
