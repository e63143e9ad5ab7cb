export { DataFrameCache } from './data-frames.ts';
export { type ConnectionError, ErrorCode } from './errors.ts';
export { CLIENT_PREFACE, Flag, FRAME_HEADER_BYTES, FrameType, settingsFrame } from './frames.ts';
export { encodeHeaders } from './hpack-encode.ts';
export type { Http2Limits } from './limits.ts';
export { isProxyHeader, type RequestHeaders } from './request-headers.ts';
export { type ConnectionHandler, ServerConnection } from './server-connection.ts';
export type { ServerStream, StreamHandler } from './server-stream.ts';
