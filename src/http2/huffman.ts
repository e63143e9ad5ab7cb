import { END_OF_STRING, HUFFMAN_BITS } from './hpack-tables.ts';

/**
 * Decodes HPACK's Huffman code (RFC 7541, section 5.2) four bits at a time. A state is an inner node of the code tree. Tables
 * map a state and a nibble to the next state and to the decoded byte, if any: codes have at least five bits, so at most one.
 */

const NIBBLES = 16;
/** Padding is a prefix of the end-of-string code: at most seven ones. */
const MAX_PADDING_BITS = 7;
const FAILED = -1;
const NO_SYMBOL = -1;

interface Node {
  readonly children: (Node | undefined)[];
  /** The symbol of a leaf; NO_SYMBOL for inner nodes. */
  symbol: number;
  state: number;
  /** True if a text may end here: at most seven ones since the last symbol. */
  readonly mayEnd: boolean;
}

const newNode = (mayEnd: boolean): Node => ({ children: [], symbol: NO_SYMBOL, state: 0, mayEnd });

/** The tree and its inner nodes, indexed by state; the root is state 0. */
function buildTree(): { root: Node; inner: Node[] } {
  const root = newNode(true);
  let code = 0;
  for (let bits = 1; bits <= 30; bits++) {
    code *= 2;
    HUFFMAN_BITS.forEach((length, symbol) => {
      if (length === bits) addCode(root, code++, bits, symbol);
    });
  }
  const inner = [root];
  for (const node of inner) {
    node.state = inner.indexOf(node);
    for (const child of node.children) if (child !== undefined && child.symbol === NO_SYMBOL) inner.push(child);
  }
  return { root, inner };
}

function addCode(root: Node, code: number, bits: number, symbol: number): void {
  let node = root;
  for (let bit = bits - 1; bit >= 0; bit--) {
    const one = (code >>> bit) & 1;
    const depth = bits - bit;
    const mayEnd = node.mayEnd && one === 1 && depth <= MAX_PADDING_BITS;
    node.children[one] ??= newNode(mayEnd);
    node = node.children[one];
  }
  node.symbol = symbol;
}

function buildTables(): { next: Int16Array; symbols: Int16Array; mayEnd: boolean[] } {
  const { root, inner } = buildTree();
  const next = new Int16Array(inner.length * NIBBLES);
  const symbols = new Int16Array(inner.length * NIBBLES).fill(NO_SYMBOL);
  for (const from of inner) {
    for (let nibble = 0; nibble < NIBBLES; nibble++) {
      const entry = from.state * NIBBLES + nibble;
      let node: Node | undefined = from;
      for (let bit = 3; bit >= 0 && node !== undefined; bit--) {
        node = node.children[(nibble >>> bit) & 1];
        if (node === undefined || node.symbol === NO_SYMBOL) continue;
        if (node.symbol === END_OF_STRING) node = undefined;
        else {
          symbols[entry] = node.symbol;
          node = root;
        }
      }
      next[entry] = node?.state ?? FAILED;
    }
  }
  return { next, symbols, mayEnd: inner.map((node) => node.mayEnd) };
}

const { next, symbols, mayEnd } = buildTables();
/** Decoded bytes. Reused, so decoding is not reentrant. */
let scratch: Buffer = Buffer.alloc(4096);

/** Decodes `bytes[start..end)` to a text, one character per byte; null if it is invalid. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | null {
  // the shortest code has five bits
  const maxBytes = Math.ceil(((end - start) * 8) / 5);
  if (scratch.length < maxBytes) scratch = Buffer.alloc(maxBytes);
  let length = 0;
  let state = 0;
  for (let pos = start; pos < end; pos++) {
    const byte = bytes[pos] as number;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const entry = state * NIBBLES + ((byte >>> shift) & 15);
      const symbol = symbols[entry] as number;
      if (symbol !== NO_SYMBOL) scratch[length++] = symbol;
      state = next[entry] as number;
      if (state === FAILED) return null;
    }
  }
  return mayEnd[state] === true ? scratch.toString('latin1', 0, length) : null;
}
