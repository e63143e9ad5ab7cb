import { fillList, fillRows, parts, setMeter, setTone, show } from './dom.js';
import { bytes, count, duration, milliseconds, moment, percent, rate } from './format.js';
import { lang, reasonText, say } from './texts.js';

const sum = (counts) => Object.values(counts).reduce((total, value) => total + value, 0);

const STATES = {
  starting: ['stateStarting', 'warn'],
  ready: ['stateReady', 'good'],
  draining: ['stateDraining', 'warn'],
  lost: ['stateLost', 'bad'],
  stalled: ['stateLost', 'bad'],
  connecting: ['stateConnecting', 'idle'],
};
const ICON_COLOURS = { good: '1a9d5c', warn: 'd18700', bad: 'd64545', idle: '8a94a6' };

/** Shows a state of the router, or of the connection to it, in the header and on the tab. */
export function showState(state) {
  const [text, tone] = STATES[state];
  show('state', say(text));
  setTone('state', tone);
  const colour = ICON_COLOURS[tone];
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6' fill='#${colour}'/></svg>`;
  const icon = document.querySelector('link[rel=icon]');
  const href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  if (icon.href !== href) icon.href = href;
  document.title = `${say(text)} · rpc-dart-router`;
}

/** Shows a status document of the router. */
export function showStatus(status) {
  showState(status.state);
  showHeader(status);
  showClients(status);
  showTraffic(status);
  showProcess(status);
  showTypes(status.messages);
  showErrors(status);
  showWorkers(status.workers);
  showClosed(status.recentlyClosed);
  showReload(status.reload);
}

function showHeader({ version, uptimeMs, listening, pid, node, instanceId }) {
  show('version', version);
  show('uptime', duration(uptimeMs));
  const addresses = listening
    .filter(({ purpose }) => purpose === 'grpc')
    .map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`));
  show('where', say('listening', { grpc: addresses.join(', ') || '–' }));
  show('process', say('process', { pid, node, instance: instanceId.slice(0, 8) }));
}

function showClients({ connections, clients, sessions }) {
  show('connections', count(connections.current));
  show('connectionsMax', say('ofMax', { max: count(connections.max) }));
  setMeter('connectionsMeter', say('connections'), connections.current / connections.max);
  show(
    'connectionsDetail',
    say('connectionsDetail', { total: count(connections.total), refused: count(sum(connections.refused)) }),
  );
  show('clients', count(clients.current));
  show('clientsDetail', say('clientsDetail', { total: count(clients.total) }));
  const { current, away } = sessions;
  show('sessionsDetail', current === 0 ? '' : say('sessionsDetail', { current: count(current), away: count(away) }));
  const most = Math.max(1, ...clients.byGroup.map(({ members }) => members));
  fillRows(
    'groups',
    clients.byGroup.map(({ group, members }) => [group, { text: count(members), share: members / most }]),
  );
  const share = (members) => members / Math.max(1, clients.current);
  fillRows(
    'statuses',
    Object.entries(clients.byStatus).map(([status, members]) => [
      status,
      { text: count(members), share: share(members) },
    ]),
  );
}

function showTraffic({ messages, latencyMs, queues }) {
  show('inPerSecond', rate(messages.inPerSecond));
  show('outPerSecond', rate(messages.outPerSecond));
  show('bytesIn', say('bytesTotal', { bytes: bytes(messages.bytesIn) }));
  show('bytesOut', say('bytesTotal', { bytes: bytes(messages.bytesOut) }));
  show('latencyP99', milliseconds(latencyMs.p99));
  show('latencyDetail', say('latencyDetail', { p50: milliseconds(latencyMs.p50), p95: milliseconds(latencyMs.p95) }));
  show('queueBytes', bytes(queues.bytes));
  show('queueDetail', say('queueDetail', { count: count(queues.slowReaders) }));
}

function showProcess({ eventLoop, memory, cpu }) {
  show('eventLoop', milliseconds(eventLoop.p99Ms));
  const { p50Ms, maxMs } = eventLoop;
  show('eventLoopDetail', say('eventLoopDetail', { p50: milliseconds(p50Ms), max: milliseconds(maxMs) }));
  const { rssBytes, heapUsedBytes, externalBytes, limitBytes } = memory;
  show('memory', bytes(rssBytes));
  show('memoryMax', limitBytes === null ? '' : say('ofMax', { max: bytes(limitBytes) }));
  parts.memoryMeter.hidden = limitBytes === null;
  if (limitBytes !== null) setMeter('memoryMeter', say('memory'), rssBytes / limitBytes);
  const detail = say('memoryDetail', { heap: bytes(heapUsedBytes), external: bytes(externalBytes) });
  show('memoryDetail', `${detail}; ${say('cpu')} ${percent(cpu.percent)}`);
}

function showTypes({ inByType, outByType, inPerSecondByType }) {
  const types = [...new Set([...Object.keys(inByType), ...Object.keys(outByType)])];
  const most = Math.max(1, ...Object.values(inPerSecondByType));
  fillRows(
    'types',
    types.map((type) => [
      type,
      { text: rate(inPerSecondByType[type] ?? 0), share: (inPerSecondByType[type] ?? 0) / most },
      count(inByType[type] ?? 0),
      count(outByType[type] ?? 0),
    ]),
  );
}

function showErrors({ messages, connections, authFailures, queues }) {
  const { slowReaders } = queues;
  const counts = Object.entries({ ...messages.dropped, ...connections.refused, authFailures, slowReaders })
    .filter(([, times]) => times > 0)
    .sort(([, a], [, b]) => b - a);
  const most = counts[0]?.[1] ?? 1;
  fillRows(
    'errors',
    counts.map(([code, times]) => [
      { text: reasonText(code), title: code },
      { text: count(times), share: times / most },
    ]),
  );
}

/** One row per process; a router with one process has no such list. */
function showWorkers(workers) {
  parts.workerCard.hidden = workers === undefined;
  const rows = (workers ?? []).map((it) => [
    String(it.worker),
    String(it.pid),
    say('currentOfMax', { current: count(it.connections.current), max: count(it.connections.max) }),
    count(it.clients),
    rate(it.inPerSecond),
    milliseconds(it.eventLoopP99Ms),
    bytes(it.rssBytes),
    percent(it.cpuPercent),
    say(STATES[it.state][0]),
  ]);
  fillRows('workers', rows, [8]);
}

/** The document contains ids and names only with --status-page-clients. */
function showClosed(closed) {
  const withClients = closed.some(({ clientId }) => clientId !== undefined);
  parts.closedClient.hidden = !withClients;
  parts.closedAddress.hidden = !withClients;
  const rows = closed.map(({ at, reason, connectedMs, clientId, clientName, address }) => [
    moment(at),
    { text: reasonText(reason), title: reason },
    duration(connectedMs),
    ...(withClients ? [{ text: clientName ?? clientId ?? '–', title: clientId ?? '' }, address ?? '–'] : []),
  ]);
  fillRows('closed', rows, [1, 3, 4]);
}

const RELOADS = {
  none: ['reloadNone', 'idle'],
  applied: ['reloadApplied', 'good'],
  unchanged: ['reloadUnchanged', 'good'],
  refused: ['reloadRefused', 'bad'],
};

function showReload({ outcome, lastAt, changes, errors, errorsRu, configDigest }) {
  const [text, tone] = RELOADS[outcome];
  show('reload', say(text, { when: lastAt === null ? '' : moment(lastAt) }));
  setTone('reload', tone);
  parts.reloadTable.hidden = changes.length === 0;
  fillRows(
    'changes',
    changes.map(({ key, from, to }) => [key, from, to]),
    [1, 2],
  );
  fillList(parts.reloadErrors, lang === 'ru' ? errorsRu : errors);
  show('configDigest', say('configDigest', { digest: configDigest.slice(0, 12) }));
}
