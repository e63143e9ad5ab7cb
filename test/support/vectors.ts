import { readFileSync } from 'node:fs';

interface Vectors {
  readonly messages: readonly {
    readonly name: string;
    readonly direction: 'client to router' | 'router to client';
    readonly cbor: string;
    readonly framed_once: string;
    readonly framed_twice: string;
  }[];
  readonly malformed_bodies: readonly { readonly name: string; readonly body: string; readonly why: string }[];
  readonly never_send: readonly { readonly name: string; readonly value: string; readonly why: string }[];
}

/** The recorded messages of the wire. */
export const VECTORS = JSON.parse(
  readFileSync(new URL('../fixtures/vectors.json', import.meta.url), 'utf8'),
) as Vectors;

/** The CBOR bytes of a recorded message. */
export function vector(name: string): Buffer {
  const found = VECTORS.messages.find((message) => message.name === name);
  if (found === undefined) throw new Error(`no vector ${name}`);
  return Buffer.from(found.cbor, 'hex');
}

/** The ids in the recorded messages; ids of the router have the same length and can replace them. */
export const VECTOR_SENDER = 'client_3f0c1a52-9d5e-4b1c-8a77-0d9f5a1e2b34';
export const VECTOR_TARGET = 'client_b7c2d9e4-1f60-4a8b-9c3d-5e6f70819203';

/** A recorded message with the recorded ids replaced by `sender` and `target`. */
export function vectorFor(name: string, sender: string, target: string): Buffer {
  const text = vector(name).toString('latin1');
  return Buffer.from(text.replaceAll(VECTOR_SENDER, sender).replaceAll(VECTOR_TARGET, target), 'latin1');
}
