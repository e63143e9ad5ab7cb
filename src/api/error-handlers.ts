import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from './dependencies.ts';
import { ApiProblem, PROBLEM_TYPE, problemJson, problemOf, sendProblem } from './problem.ts';

/** Answers every error with a problem document; logs those that are faults of the router. */
export function addErrorHandlers(app: FastifyInstance, { log }: Pick<ApiDependencies, 'log'>): void {
  app.setNotFoundHandler((request) => {
    throw new ApiProblem(404, 'not-found', `There is nothing at ${pathOf(request.url)}; see /api/v1/openapi.json`);
  });
  app.setErrorHandler<Error>((error, request, reply) => {
    const problem = problemOf(error);
    if (problem !== null) return sendProblem(reply, problem);
    log.error('API request failed', { method: request.method, path: pathOf(request.url), error: error.message });
    return sendProblem(reply, new ApiProblem(500, 'internal', 'The router failed to answer; its log has the cause'));
  });
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

const STATUS_OF_ERROR: Readonly<Record<string, readonly [status: number, line: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The header is larger than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request was not complete within 10 seconds'],
};

/** Answers a request that is no valid HTTP and closes its connection; returns the status, or null without an answer. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): number | null {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return null;
  }
  const [status, line, detail] = STATUS_OF_ERROR[error.code ?? ''] ?? [400, 'Bad Request', 'This is no valid HTTP/1.1'];
  const body = problemJson(status, 'malformed', detail);
  socket.end(
    `HTTP/1.1 ${status} ${line}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  return status;
}
