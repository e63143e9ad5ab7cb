import type { SendQueue, Subscription } from '../router/index.ts';
import {
  admitCall,
  callUnary,
  type EventsMethod,
  type P2pMethod,
  type RpcContext,
  RpcError,
  type RpcMethod,
  type RpcServices,
  type UnaryMethod,
} from '../rpc/index.ts';
import { type Framing, frame, frameHead } from '../wire/index.ts';
import type { CallHandler, OpenHandler, ServerCall } from './call.ts';
import { GrpcP2pStream } from './p2p-stream.ts';
import type { ReassemblyBudget } from './reassembly-budget.ts';
import { UnaryHandler } from './unary.ts';

export interface GrpcServices extends RpcServices {
  readonly memory: ReassemblyBudget;
}

/** Serves the calls of `method` over gRPC. */
export function openMethod(services: GrpcServices, method: RpcMethod): OpenHandler {
  return (call, request) => {
    try {
      const context = admitCall(services, method, call.connection, request.authorization);
      if (method.kind === 'unary') return openUnary(services, method, call, context);
      if (method.kind === 'p2p') return openP2p(services, method, call, context);
      return new EventsHandler(services, method, call, context);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      call.end(error.status, error.message);
      return null;
    }
  };
}

function openUnary(services: GrpcServices, method: UnaryMethod, call: ServerCall, context: RpcContext): CallHandler {
  const { core, memory } = services;
  const run = (body: Buffer, framing: Framing): void => {
    const answer = callUnary(method, body, context);
    if (answer instanceof RpcError) call.end(answer.status, answer.message);
    else if (Buffer.isBuffer(answer)) call.answer(frame(answer, framing));
    else {
      answer.start({
        get isOver() {
          return call.isOver;
        },
        onClosed: (closed) => call.onceClosed(closed),
        sendChunks: (bodyBytes, chunks) =>
          call.writeChunks(withHead(frameHead(bodyBytes, framing), chunks), core.limits.writeDeadlineMs),
      });
    }
  };
  return new UnaryHandler(call, { maxMessageBytes: core.limits.maxMessageBytes, memory, run });
}

function* withHead(head: Buffer, chunks: Iterable<Buffer>): Generator<Buffer> {
  yield head;
  yield* chunks;
}

function openP2p(services: GrpcServices, method: P2pMethod, call: ServerCall, context: RpcContext): CallHandler {
  call.sendHeaders();
  const { core, memory } = services;
  return new GrpcP2pStream({ core, memory, call, open: (transport) => method.handler(transport, context) });
}

/** Subscribes once the request has been read. */
class EventsHandler extends UnaryHandler {
  private subscription: Subscription | null = null;

  constructor({ core, memory }: GrpcServices, method: EventsMethod, call: ServerCall, context: RpcContext) {
    super(call, {
      maxMessageBytes: core.limits.maxMessageBytes,
      memory,
      run: (_body, framing) => {
        call.sendHeaders();
        this.subscription = method.handler(call, call.queueFraming(framing), context);
      },
    });
  }

  override get queue(): SendQueue | null {
    return this.subscription?.queue ?? null;
  }

  override closed(): void {
    super.closed();
    this.subscription?.closed();
  }
}
