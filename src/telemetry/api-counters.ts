import { HistogramCounter } from '../router/index.ts';

/** Classes of answers, the label of `rpc_router_api_requests_total`. */
const CLASSES = ['2xx', '4xx', '5xx'] as const;

/** Upper bounds of the latency buckets, in seconds. */
const BOUNDS_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** Counters of the HTTP API, for the metrics. */
export class ApiCounters {
  readonly requests: Record<(typeof CLASSES)[number], number> = { '2xx': 0, '4xx': 0, '5xx': 0 };
  /** Refused logins: no valid token, or too many failures. */
  loginFailures = 0;
  /** Times from the header of a request to the end of its answer; waiting for a client's response excluded. */
  readonly latency = new HistogramCounter(BOUNDS_SECONDS);
  /** Open streams of server-sent events. */
  eventStreams = 0;

  answered(status: number, seconds: number | null): void {
    if (status === 401 || status === 429) this.loginFailures++;
    this.requests[status < 400 ? '2xx' : status < 500 ? '4xx' : '5xx']++;
    if (seconds !== null) this.latency.observe(seconds);
  }
}
