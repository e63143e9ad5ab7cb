import type { FastifyRequest } from 'fastify';
import type { ApiDependencies } from './dependencies.ts';
import { ApiProblem } from './problem.ts';

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Refuses calls that a web page makes in the browser of somebody who reaches the API: those of origins that are not listed
 * (cross-site request forgery), and those by a foreign host name on loopback (DNS rebinding).
 */
export function checkOrigin({ headers }: FastifyRequest, { origins, onlyLoopbackNames }: ApiDependencies): void {
  const { origin, host } = headers;
  if (onlyLoopbackNames && !LOOPBACK_NAME.test(host ?? '')) {
    throw new ApiProblem(421, 'misdirected', 'Unknown host name: use localhost, or set --api-host to an address');
  }
  if (origin === undefined || origins.includes(origin)) return;
  throw new ApiProblem(
    403,
    'origin-refused',
    `Web pages of ${origin} may not call this API; list them in --api-origins`,
  );
}
