import { TEXT } from '../router/index.ts';
import { type FramingFault, frame, MessageReader, type MessageSink, SINGLE } from '../wire/index.ts';
import type { CallHandler, OpenHandler, ServerCall } from './call.ts';

/** `ServingStatus` of `grpc.health.v1`. */
const ServingStatus = { serving: 1, notServing: 2, unknownService: 3 } as const;
type ServingStatus = (typeof ServingStatus)[keyof typeof ServingStatus];

const MAX_REQUEST_BYTES = 1024;
const SERVICE_FIELD = 0x0a; // field 1, string
const STATUS_FIELD = 0x08; // field 1, enum

/**
 * The service `grpc.health.v1.Health` for load balancers and orchestrators (github.com/grpc/grpc, doc/health-checking.md).
 * All known services have the same status. It needs no token, since probes have none.
 */
export class Health {
  /** Handlers of its methods by path. */
  readonly methods: ReadonlyMap<string, OpenHandler>;
  private readonly services: ReadonlySet<string>;
  private readonly watches = new Set<Watch>();
  private status: ServingStatus = ServingStatus.notServing;

  constructor(services: readonly string[]) {
    this.services = new Set(services);
    this.methods = new Map<string, OpenHandler>([
      ['/grpc.health.v1.Health/Check', (call) => this.read(call, (service) => this.check(call, service))],
      ['/grpc.health.v1.Health/Watch', (call) => this.openWatch(call)],
    ]);
  }

  set serving(isServing: boolean) {
    this.status = isServing ? ServingStatus.serving : ServingStatus.notServing;
    for (const watch of this.watches) watch.update();
  }

  /** Ends all Watch streams. */
  close(): void {
    for (const watch of this.watches) watch.end();
  }

  statusOf(service: string): ServingStatus {
    return this.services.has(service) ? this.status : ServingStatus.unknownService;
  }

  private check(call: ServerCall, service: string): void {
    const status = this.statusOf(service);
    if (status === ServingStatus.unknownService) {
      call.end('NOT_FOUND', `unknown service ${service}`);
      return;
    }
    call.sendHeaders();
    send(call, status);
    call.end('OK', 'OK');
  }

  private openWatch(call: ServerCall): CallHandler {
    const watch = new Watch(call, this);
    watch.request = this.read(call, (service) => {
      watch.service = service;
      this.watches.add(watch);
      call.sendHeaders();
      watch.update();
    });
    return watch;
  }

  removeWatch(watch: Watch): void {
    this.watches.delete(watch);
  }

  private read(call: ServerCall, run: (service: string) => void): CallHandler {
    return new HealthRequest(call, run);
  }
}

/** One `Watch` call. A status that changes back before it could be sent is skipped. */
class Watch implements CallHandler {
  readonly queue = null;
  request: CallHandler | null = null;
  service = '';
  private readonly call: ServerCall;
  private readonly health: Health;
  private reported: ServingStatus | null = null;
  private writeInFlight = false;

  constructor(call: ServerCall, health: Health) {
    this.call = call;
    this.health = health;
  }

  update(): void {
    const status = this.health.statusOf(this.service);
    if (this.writeInFlight || status === this.reported) return;
    this.reported = status;
    this.writeInFlight = true;
    send(this.call, status);
  }

  onWriteComplete(): void {
    this.writeInFlight = false;
    this.update();
  }

  end(): void {
    this.call.end('UNAVAILABLE', 'Router is shutting down');
  }

  receive(bytes: Buffer, start: number, end: number): void {
    this.request?.receive(bytes, start, end);
  }

  halfClosed(): void {
    this.request?.halfClosed();
  }

  closed(): void {
    this.request?.closed();
    this.health.removeWatch(this);
  }
}

/** Reads the one request message, `{ string service = 1; }`. */
class HealthRequest implements CallHandler, MessageSink {
  readonly queue = null;
  private readonly call: ServerCall;
  private readonly run: (service: string) => void;
  private readonly reader = new MessageReader(this, MAX_REQUEST_BYTES);
  private done = false;

  constructor(call: ServerCall, run: (service: string) => void) {
    this.call = call;
    this.run = run;
  }

  receive(bytes: Buffer, start: number, end: number): void {
    this.reader.push(bytes, start, end);
  }

  halfClosed(): void {
    this.reader.end();
    if (!this.done) this.onFault('truncated');
  }

  closed(): void {
    this.reader.release();
    this.done = true;
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    if (this.done) return;
    const service = serviceOf(bytes.subarray(start, end));
    if (service === null) {
      this.onFault('truncated');
      return;
    }
    this.done = true;
    this.run(service);
  }

  onFault(fault: FramingFault): void {
    if (this.done) return;
    this.done = true;
    if (fault === 'compressed') this.call.end('INTERNAL', TEXT.compressed);
    else this.call.end('INVALID_ARGUMENT', 'Not a HealthCheckRequest');
  }

  /** Requests are small and their number is limited, so they need no budget. */
  reserveBytes(): boolean {
    return true;
  }

  releaseBytes(): void {}
}

/** The service named by a request; empty for the whole server, null for an unreadable request. */
function serviceOf(request: Buffer): string | null {
  if (request.length === 0) return '';
  // longer names would need a second length byte; no service has one
  if (request[0] !== SERVICE_FIELD || request[1] !== request.length - 2 || request.length > 129) return null;
  return request.toString('utf8', 2);
}

function send(call: ServerCall, status: ServingStatus): void {
  const message = frame(Buffer.from([STATUS_FIELD, status]), SINGLE);
  call.write(message, [], message.length);
}
