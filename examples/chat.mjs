// A terminal chat over the router: node examples/chat.mjs --name alice
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RouterClient } from './router-client.mjs';

const HELP = `  hello            sends to all clients (broadcast)
  @bob hello       sends to bob only (unicast)
  ?bob             requests the time from bob's program (request and response)
  /who             lists the connected clients
  /help            prints this text
  /quit            disconnects, like Ctrl-D`;
const RECONNECT_MS = [500, 1000, 2000, 5000];

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'guest' },
    address: { type: 'string', default: '127.0.0.1:8080' },
    'tls-ca': { type: 'string' },
    token: { type: 'string' },
  },
});
const options = { token: values.token, tlsCa: values['tls-ca'] && readFileSync(values['tls-ca']) };
/** Client id -> name. */
const names = new Map();
let client = await connect().catch((error) => {
  console.error(explain(error));
  process.exit(1);
});
console.log(`You are ${values.name}. Here: ${[...names.values()].join(', ')}. Type /help for the commands.`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === '/quit') break;
  try {
    await obey(line);
  } catch (error) {
    console.log(`! ${error.details ?? error.message}`);
  }
}
process.stdin.destroy();
client?.leave();
client = 'left';

/** Registers as a new client: each connection gets a new id. */
async function connect() {
  const joining = new RouterClient(values.address, options);
  joining.on('message', (message) => show(message, joining));
  joining.on('event', notePresence);
  try {
    await joining.join(values.name);
    joining.watch();
    names.clear();
    for (const { clientId, clientName } of await joining.onlineClients()) names.set(clientId, clientName);
  } catch (error) {
    joining.leave();
    throw error;
  }
  joining.once('end', (reason) => reconnect(reason));
  return joining;
}

async function reconnect(reason) {
  client = null;
  console.log(`! Disconnected: ${reason}. Reconnecting...`);
  for (let attempt = 0; client === null; attempt++) {
    await sleep(RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)]);
    const joined = await connect().catch(() => null);
    if (client === 'left') joined?.leave();
    else client = joined;
  }
  if (client !== 'left') console.log(`Connected again. Here: ${[...names.values()].join(', ')}`);
}

async function obey(line) {
  const [, mark, name, text] = /^([@?])(\S+)\s*(.*)$/.exec(line) ?? [null, '', '', line];
  if (line === '/help') console.log(HELP);
  else if (line.startsWith('/') && line !== '/who') console.log(`! Unknown command ${line}: /help lists them`);
  else if (client === null) console.log('! Not connected: the line was not sent');
  else if (line === '/who') console.log((await client.onlineClients()).map(({ clientName }) => clientName).join(', '));
  else if (mark !== '' && idOf(name) === undefined) console.log(`! No client is called ${name}: /who lists them`);
  else if (mark === '@') client.send({ type: 'unicast', targetId: idOf(name), payload: { text } });
  else if (mark === '?') console.log(`${name}: ${(await client.request(idOf(name), {})).time}`);
  else if (line !== '') client.send({ type: 'broadcast', payload: { text } });
}

function show(message, receiver) {
  const from = names.get(message.senderId) ?? message.senderId;
  if (message.type === 'request') receiver.respond(message, { time: new Date().toISOString() });
  // the router's texts are part of the protocol and are in Russian
  else if (message.type === 'error') console.log(`! The router refused the message: ${message.errorMessage}`);
  else if (message.type === 'unicast') console.log(`${from} (to you): ${message.payload.text}`);
  else if (message.type === 'broadcast') console.log(`${from}: ${message.payload.text}`);
}

function notePresence({ type, data }) {
  if (type === 'clientConnected') {
    const isNew = !names.has(data.clientId);
    names.set(data.clientId, data.clientName);
    if (isNew && data.clientId !== client?.id) console.log(`+ ${data.clientName}`);
  } else if (type === 'clientDisconnected') {
    console.log(`- ${names.get(data.clientId) ?? data.clientId} (${data.reason})`);
    names.delete(data.clientId);
  } else if (type === 'healthWarning') console.log(`! ${data.warning}`);
}

function idOf(name) {
  return [...names].find(([id, known]) => known === name || id === name)?.[0];
}

function explain(error) {
  const details = error.details ?? error.message;
  if (!/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|Name resolution failed/.test(details))
    return `Cannot join at ${values.address}: ${details}`;
  return `No router answers at ${values.address}.
Start one in another terminal (npm start -- --host 127.0.0.1) and wait for "Ready to accept connections",
or name the address of yours: --address HOST:PORT`;
}
