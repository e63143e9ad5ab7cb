import { connect } from './client.js';

const $ = (id) => document.getElementById(id);
const joinForm = $('join');
const compose = $('compose');
const names = new Map();
let client = null;
let group = '';

const parameters = new URLSearchParams(location.search);
joinForm.elements.url.value = parameters.get('router') ?? `ws://${location.hostname}:8080`;
joinForm.elements.name.value = parameters.get('name') ?? '';

joinForm.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { name, url, group: groupInput } = joinForm.elements;
  group = groupInput.value;
  $('problem').hidden = true;
  try {
    client = await connect(url.value, { name: name.value, groups: [group] });
    open(name.value);
  } catch (error) {
    $('problem').textContent = `${error.message} (${error.code ?? 'error'})`;
    $('problem').hidden = false;
  }
});

function open(name) {
  joinForm.hidden = true;
  $('chat').hidden = false;
  $('me').textContent = name;
  showState({ state: 'online', reason: null });
  client.on('state', showState);
  client.on('message', ({ senderId, type, groupName, payload }) => {
    const where = type === 'unicast' ? 'to you' : type === 'multicast' ? `in ${groupName}` : 'to all';
    addMessage(`${nameOf(senderId)} ${where}`, String(payload.text ?? ''));
  });
  client.on('event', ({ type, data }) => {
    if (type === 'clientConnected') addNote(`${data.clientName ?? data.clientId} joined`);
    if (type === 'clientDisconnected') addNote(`${nameOf(data.clientId)} left: ${data.reason ?? ''}`);
    void refresh();
  });
  client.on('error', ({ message }) => addNote(message));
  client.on('lost', (count) => addNote(`${count} messages were lost while you were away`));
  // the returned value is the response to the request
  client.onRequest(() => ({ time: new Date().toLocaleTimeString() }));
  void refresh();
}

function showState({ state, reason }) {
  $('state').className = `state ${state}`;
  $('state').textContent = state === 'online' || reason === null ? state : `${state}: ${reason.message}`;
}

async function refresh() {
  if (client.state !== 'online') return;
  const clients = await client.clients().catch(() => null);
  if (clients === null) return;
  names.clear();
  for (const { clientId, clientName } of clients) names.set(clientId, clientName ?? clientId.slice(0, 13));
  const others = clients.filter(({ clientId }) => clientId !== client.id);
  $('count').textContent = String(clients.length);
  $('people').replaceChildren(...clients.map(person));
  const { target } = compose.elements;
  const chosen = target.value;
  target.replaceChildren(
    new Option(`Group ${group}`, 'group'),
    new Option('Everyone', 'all'),
    ...others.map(({ clientId }) => new Option(nameOf(clientId), clientId)),
  );
  if ([...target.options].some(({ value }) => value === chosen)) target.value = chosen;
}

function person({ clientId, status }) {
  const item = document.createElement('li');
  const name = document.createElement('span');
  name.textContent = clientId === client.id ? `${nameOf(clientId)} (you)` : nameOf(clientId);
  name.className = status;
  item.append(name);
  if (clientId === client.id) return item;
  const ask = document.createElement('button');
  ask.type = 'button';
  ask.textContent = 'Ask the time';
  ask.addEventListener('click', async () => {
    const answer = await client.request(clientId, {}, { timeoutMs: 5000 }).catch((error) => ({ time: error.message }));
    addNote(`${nameOf(clientId)}: ${answer.time}`);
  });
  item.append(ask);
  return item;
}

compose.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { target, text } = compose.elements;
  const payload = { text: text.value };
  const where =
    target.value === 'group' ? `in ${group}` : target.value === 'all' ? 'to all' : `to ${nameOf(target.value)}`;
  text.value = '';
  const item = addMessage(`You ${where}`, payload.text);
  item.classList.add('waiting');
  try {
    if (target.value === 'group') await client.multicast(group, payload);
    else if (target.value === 'all') await client.broadcast(payload);
    else await client.send(target.value, payload);
    item.classList.remove('waiting');
  } catch (error) {
    addNote(`Not sent: ${error.message}`);
  }
});

$('leave').addEventListener('click', async () => {
  await client.close();
  location.reload();
});

// ends the session at once, without waiting for acknowledgements, for which a page has no time; otherwise the others see this client until its session expires
addEventListener('pagehide', () => client?.close({ timeoutMs: 0 }));

function addMessage(title, text) {
  const item = document.createElement('li');
  const head = document.createElement('small');
  head.textContent = title;
  item.append(head, text);
  $('messages').append(item);
  item.scrollIntoView({ block: 'nearest' });
  return item;
}

function addNote(text) {
  const item = document.createElement('li');
  item.className = 'note';
  item.textContent = text;
  $('messages').append(item);
  item.scrollIntoView({ block: 'nearest' });
}

function nameOf(clientId) {
  return names.get(clientId) ?? clientId;
}
