// A bare `ws` server that the WebSocket side of the router is compared with: `/echo` returns every message, `/broadcast` sends
// it to all other connections of that path. Plain JavaScript without a loader.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, clientTracking: false });
const members = new Set();
server.on('connection', (ws, request) => {
  ws.on('error', () => {});
  if (request.url !== '/broadcast') {
    ws.on('message', (message) => ws.send(message));
    return;
  }
  members.add(ws);
  ws.on('close', () => members.delete(ws));
  ws.on('message', (message) => {
    for (const member of members) if (member !== ws) member.send(message);
  });
});
server.on('listening', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit());
