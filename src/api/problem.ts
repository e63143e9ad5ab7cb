import type { FastifyError, FastifyReply } from 'fastify';

/** Codes of errors, for programs. Those of the router's messages come through unchanged. */
export type ProblemCode = string;

/** Titles of the statuses in use (RFC 9110). */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** A problem document (RFC 9457) as an error: `detail` says what is wrong and what to do. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  /** Headers of the response. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the document. */
  readonly members: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ProblemCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    members: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.members = members;
  }
}

export const PROBLEM_TYPE = 'application/problem+json';

/** The document of a problem as JSON text. */
export function problemJson(
  status: number,
  code: ProblemCode,
  detail: string,
  members: Readonly<Record<string, string>> = {},
): string {
  return `${JSON.stringify({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, code, detail, ...members })}\n`;
}

/** Answers with a problem document. */
export function sendProblem(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type(PROBLEM_TYPE)
    .send(problemJson(problem.status, problem.code, problem.message, problem.members));
}

/** Codes of the errors that fastify itself makes. */
const CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed',
  413: 'too-large',
  415: 'unsupported-media-type',
};

/** The problem of an error that a handler or fastify threw; null for one that is a fault of the router. */
export function problemOf(error: FastifyError | Error): ApiProblem | null {
  if (error instanceof ApiProblem) return error;
  const { statusCode } = error as FastifyError;
  if (statusCode !== undefined && statusCode < 500) {
    return new ApiProblem(statusCode, CODES[statusCode] ?? 'invalid', error.message);
  }
  const isOfParser = error instanceof SyntaxError || error instanceof RangeError;
  return isOfParser ? new ApiProblem(400, 'malformed', `The body cannot be read: ${error.message}`) : null;
}
