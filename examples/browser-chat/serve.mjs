// Serves this folder and the client's bundle. Build the bundle first (npm run build), and allow the page's origin:
//   npm start -- --host 127.0.0.1 --websocket-origins http://127.0.0.1:3000
//   node examples/browser-chat/serve.mjs [PORT]
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' };
const BUNDLE = new URL('../../clients/typescript/dist/rpc-dart-router-client.min.js', import.meta.url);
const port = Number(process.argv[2] ?? 3000);

const server = createServer(async ({ url }, response) => {
  const path = (url ?? '').split('?')[0];
  const name = path === '/' ? 'index.html' : path.slice(1);
  const file =
    name === 'client.js' ? BUNDLE : /^[\w-]+\.(html|js|css)$/.test(name) ? new URL(name, import.meta.url) : null;
  const body = file === null ? null : await readFile(file).catch(() => null);
  response.writeHead(body === null ? 404 : 200, { 'content-type': TYPES[name.split('.').at(-1)] ?? 'text/plain' });
  response.end(body ?? 'Not found\n');
});
server.listen(port, '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  console.log(`Open ${origin}/ with a router that has --websocket-origins ${origin}`);
});
