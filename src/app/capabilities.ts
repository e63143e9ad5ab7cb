import { NO_INTERNALS, type NodeInternals, probeNodeInternals } from '../net/index.ts';
import { canTuneV8 } from './v8-tuning.ts';

/** Undocumented parts of Node.js and V8 that make the router faster, each with a fallback. The names are those of the metric. */
export const CAPABILITIES = ['fast-read', 'fast-write', 'accept-queue', 'tls-parent', 'v8-tuning'] as const;

/** Whether each of them is in use. */
export type Capabilities = Readonly<Record<(typeof CAPABILITIES)[number], boolean>>;

/** Tries all of them once; with `isAllowed` false (--no-node-internals) none is used. */
export async function probeCapabilities(isAllowed: boolean): Promise<Capabilities> {
  const [internals, v8Tuning] = isAllowed
    ? await Promise.all([probeNodeInternals(), canTuneV8()])
    : [NO_INTERNALS, false];
  return {
    'fast-read': internals.fastRead,
    'fast-write': internals.fastWrite,
    'accept-queue': internals.acceptQueue,
    'tls-parent': internals.tlsParent,
    'v8-tuning': v8Tuning,
  };
}

/** Those of them that the network code uses. */
export function internalsOf(capabilities: Capabilities): NodeInternals {
  return {
    fastRead: capabilities['fast-read'],
    fastWrite: capabilities['fast-write'],
    acceptQueue: capabilities['accept-queue'],
    tlsParent: capabilities['tls-parent'],
  };
}

/** `Node internals: fast-read yes, …, v8-tuning no (Node 26)` */
export function describeCapabilities(capabilities: Capabilities): string {
  const states = CAPABILITIES.map((name) => `${name} ${capabilities[name] ? 'yes' : 'no'}`);
  return `Node internals: ${states.join(', ')} (Node ${process.versions.node.split('.')[0]})`;
}
