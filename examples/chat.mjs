// A chat through the router: node examples/chat.mjs --name alice
//   hello            to everybody (broadcast)
//   @bob hello       to bob alone (unicast)
//   ?bob             asks bob's program for the time (request and response)
//   /who             who is there
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { RouterClient } from './router-client.mjs';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'somebody' },
    address: { type: 'string', default: '127.0.0.1:8080' },
    'tls-ca': { type: 'string' },
    token: { type: 'string' },
  },
});
const client = new RouterClient(values.address, {
  token: values.token,
  tlsCa: values['tls-ca'] && readFileSync(values['tls-ca']),
});
const names = new Map();

client.on('message', (message) => {
  const from = names.get(message.senderId) ?? message.senderId;
  if (message.type === 'request') client.respond(message, { time: new Date().toISOString() });
  else if (message.type === 'error') console.log(`! ${message.errorMessage}`);
  else if (message.type === 'unicast') console.log(`${from} (to you): ${message.payload.text}`);
  else if (message.type === 'broadcast') console.log(`${from}: ${message.payload.text}`);
});
client.on('event', ({ type, data }) => {
  if (type === 'clientConnected') {
    names.set(data.clientId, data.clientName);
    if (data.clientId !== client.id) console.log(`+ ${data.clientName}`);
  } else if (type === 'clientDisconnected')
    console.log(`- ${names.get(data.clientId) ?? data.clientId} (${data.reason})`);
  else if (type === 'healthWarning') console.log(`! ${data.warning}`);
});
client.on('end', (reason) => {
  console.log(`The end: ${reason}`);
  process.exit();
});

try {
  await client.join(values.name);
} catch (error) {
  console.error(`Cannot join at ${values.address}: ${error.details ?? error.message}`);
  process.exit(1);
}
client.watch();
for (const { clientId, clientName } of await client.onlineClients()) names.set(clientId, clientName);
console.log(`You are ${values.name}. Here: ${[...names.values()].join(', ')}`);

const idOf = (name) => [...names].find(([, known]) => known === name)?.[0] ?? name;
for await (const line of createInterface({ input: process.stdin })) {
  const [, mark, name, text] = /^([@?])(\S+)\s*(.*)$/.exec(line) ?? [null, '', '', line];
  if (mark === '@') client.send({ type: 'unicast', targetId: idOf(name), payload: { text } });
  else if (mark === '?')
    await client.request(idOf(name), {}).then(({ time }) => console.log(`${name}: ${time}`), explain);
  else if (line === '/who') console.log((await client.onlineClients()).map(({ clientName }) => clientName).join(', '));
  else if (line !== '') client.send({ type: 'broadcast', payload: { text } });
}
client.leave();

function explain(error) {
  console.log(`! ${error.message}`);
}
