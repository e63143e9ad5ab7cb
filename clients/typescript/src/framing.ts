/** gRPC's length prefix: one byte of compressed flag, four of big-endian length. */
export const PREFIX_BYTES = 5;

/** `head`, a gRPC prefix and `body` in one array. */
export function frame(head: Uint8Array, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(head.length + PREFIX_BYTES + body.length);
  bytes.set(head, 0);
  new DataView(bytes.buffer).setUint32(head.length + 1, body.length);
  bytes.set(body, head.length + PREFIX_BYTES);
  return bytes;
}

/** The messages in `bytes` from `start` on, which must hold whole ones; null when it does not. */
export function unframe(bytes: Uint8Array, start: number): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Uint8Array[] = [];
  for (let at = start; at < bytes.length; ) {
    if (at + PREFIX_BYTES > bytes.length || bytes[at] !== 0) return null;
    const end = at + PREFIX_BYTES + view.getUint32(at + 1);
    if (end > bytes.length) return null;
    messages.push(bytes.subarray(at + PREFIX_BYTES, end));
    at = end;
  }
  return messages;
}
