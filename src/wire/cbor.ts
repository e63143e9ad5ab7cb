/** Constants of CBOR (RFC 8949): major types, simple values and items with a fixed encoding. */

export const MAJOR_UNSIGNED = 0;
export const MAJOR_NEGATIVE = 1;
export const MAJOR_TEXT = 3;
export const MAJOR_ARRAY = 4;
export const MAJOR_MAP = 5;
export const MAJOR_TAG = 6;

/** Initial bytes of the simple values. */
export const FALSE = 0xf4;
export const TRUE = 0xf5;
export const NULL = 0xf6;

/** The empty map. Shared: most clients have no metadata. */
export const EMPTY_MAP = Buffer.from([0xa0]);
