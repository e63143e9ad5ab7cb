// The bare grpc-js server that the router is compared with: one bidirectional stream that echoes everything.
// Plain JavaScript without a loader, since the router runs built as well.
import { Server, ServerCredentials } from '@grpc/grpc-js';

const identity = (bytes) => bytes;
const server = new Server({ 'grpc.enable_channelz': 0, 'grpc.max_receive_message_length': 4 * 1024 * 1024 });
server.addService(
  {
    stream: {
      path: '/bench/echo',
      requestStream: true,
      responseStream: true,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  {
    stream: (call) => {
      call.on('data', (message) => call.write(message));
      call.on('end', () => call.end());
      call.on('error', () => {});
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ port });
});
process.on('disconnect', () => process.exit());
