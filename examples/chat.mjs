// A terminal chat over the router: node examples/chat.mjs --name alice
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { connect } from 'rpc-dart-router-client';

const HELP = `  hello            sends to all clients (broadcast)
  @bob hello       sends to bob only (unicast)
  ?bob             requests the time from bob's program (request and response)
  /who             lists the connected clients
  /help            prints this text
  /quit            disconnects, like Ctrl-D`;

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'guest' },
    address: { type: 'string', default: '127.0.0.1:8080' },
    'tls-ca': { type: 'string' },
    token: { type: 'string' },
  },
});
const tlsCa = values['tls-ca'];
/** Client id -> name. */
const names = new Map();
const client = await connect(`${tlsCa ? 'https' : 'http'}://${values.address}`, {
  name: values.name,
  ...(values.token && { token: values.token }),
  ...(tlsCa && { tls: { ca: readFileSync(tlsCa) } }),
}).catch((error) => {
  console.error(explain(error));
  process.exit(1);
});
client.on('message', show);
client.on('event', notePresence);
client.on('state', (change) => showState(change).catch(() => {}));
// the router's texts are part of the protocol
client.on('error', ({ message }) => console.log(`! The router refused the message: ${message}`));
client.onRequest(() => ({ time: new Date().toISOString() }));
console.log(`You are ${values.name}. Here: ${await refreshNames()}. Type /help for the commands.`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === '/quit') break;
  try {
    await obey(line);
  } catch (error) {
    console.log(`! ${error.message}`);
  }
}
process.stdin.destroy();
await client.close();

async function obey(line) {
  const [, mark, name, text] = /^([@?])(\S+)\s*(.*)$/.exec(line) ?? [null, '', '', line];
  if (line === '/help') console.log(HELP);
  else if (line.startsWith('/') && line !== '/who') console.log(`! Unknown command ${line}: /help lists them`);
  else if (line === '/who') console.log(await refreshNames());
  else if (mark !== '' && idOf(name) === undefined) console.log(`! No client is called ${name}: /who lists them`);
  else if (mark === '@') send(client.send(idOf(name), { text }));
  else if (mark === '?') console.log(`${name}: ${(await client.request(idOf(name), {}, { timeoutMs: 5000 })).time}`);
  else if (line !== '') send(client.broadcast({ text }));
}

/** The router acknowledges later, possibly after a reconnect; the next line does not wait for it. */
function send(acknowledged) {
  acknowledged.catch((error) => console.log(`! Not sent: ${error.message}`));
}

function show({ type, senderId, payload }) {
  const from = names.get(senderId) ?? senderId;
  if (type === 'unicast') console.log(`${from} (to you): ${payload.text}`);
  else console.log(`${from}: ${payload.text}`);
}

async function showState({ state, reason }) {
  if (state === 'away') console.log(`! Disconnected: ${reason.message}. Reconnecting...`);
  else if (state === 'online') console.log(`Connected again. Here: ${await refreshNames()}`);
  else if (reason.code !== 'closed') {
    console.log(`! The connection ended: ${reason.message}`);
    process.exit(1);
  }
}

function notePresence({ type, data }) {
  if (type === 'clientConnected') {
    const isNew = !names.has(data.clientId);
    names.set(data.clientId, data.clientName);
    if (isNew && data.clientId !== client.id) console.log(`+ ${data.clientName}`);
  } else if (type === 'clientDisconnected') {
    console.log(`- ${names.get(data.clientId) ?? data.clientId} (${data.reason})`);
    names.delete(data.clientId);
  } else if (type === 'healthWarning') console.log(`! ${data.warning}`);
}

/** Asks for the connected clients; returns their names as one text. */
async function refreshNames() {
  const clients = await client.clients();
  names.clear();
  for (const { clientId, clientName } of clients) names.set(clientId, clientName ?? clientId);
  return [...names.values()].join(', ');
}

function idOf(name) {
  return [...names].find(([id, known]) => known === name || id === name)?.[0];
}

function explain(error) {
  if (error.code !== 'unreachable') return `Cannot join at ${values.address}: ${error.message}`;
  return `No router answers at ${values.address}.
Start one in another terminal (npm start -- --host 127.0.0.1) and wait for "Ready to accept connections",
or name the address of yours: --address HOST:PORT`;
}
