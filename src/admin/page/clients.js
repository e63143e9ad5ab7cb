import { emptyNotes, fillRows, parts, show } from './dom.js';
import { bytes, count, moment } from './format.js';
import { say } from './texts.js';

const PAGE_ROWS = 50;
const REFRESH_MS = 5000;
const TYPING_PAUSE_MS = 250;
/** Columns of the table that are not numbers, the first one aside. */
const TEXT_COLUMNS = [1, 2, 3, 4, 5, 7];
/** Columns whose largest or newest values are of interest first. */
const DESCENDING_FIRST = ['connected', 'activity', 'queue'];

/** The table of current clients. The router searches, sorts and pages, so that the page holds 50 rows of any number. */
export class Clients {
  constructor() {
    this.search = '';
    this.sort = 'name';
    this.order = 'asc';
    this.offset = 0;
    this.isListed = false;
    this.request = null;
    this.timer = null;
    this.headers = [...document.querySelectorAll('[data-sort]')];
    for (const button of this.headers) button.addEventListener('click', () => this.sortBy(button.dataset.sort));
    parts.clientSearch.placeholder = say('searchHint');
    parts.clientSearch.addEventListener('input', () => this.typed());
    parts.previousClients.addEventListener('click', () => this.turn(-PAGE_ROWS));
    parts.nextClients.addEventListener('click', () => this.turn(PAGE_ROWS));
    document.addEventListener('visibilitychange', () => this.load());
    setInterval(() => this.load(), REFRESH_MS);
  }

  /** Shows the table when the router lists its clients, which a reload may change. */
  update({ listed }) {
    if (listed === this.isListed) return;
    this.isListed = listed;
    parts.clientSection.hidden = !listed;
    this.load();
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.search = parts.clientSearch.value.trim();
      this.offset = 0;
      this.load();
    }, TYPING_PAUSE_MS);
  }

  sortBy(key) {
    const isSame = key === this.sort;
    const first = DESCENDING_FIRST.includes(key) ? 'desc' : 'asc';
    this.order = isSame ? (this.order === 'asc' ? 'desc' : 'asc') : first;
    this.sort = key;
    this.offset = 0;
    this.load();
  }

  turn(rows) {
    this.offset = Math.max(0, this.offset + rows);
    this.load();
  }

  /** Loads the rows in view; a newer request replaces the one under way. */
  load() {
    if (!this.isListed || document.hidden) return;
    this.request?.abort();
    this.request = new AbortController();
    const { search, sort, order, offset } = this;
    const query = new URLSearchParams({ search, sort, order, offset, limit: PAGE_ROWS });
    fetchPage(`api/clients?${query}`, this.request.signal)
      .then((page) => {
        if (page !== null) this.draw(page);
      })
      .catch(reportError);
  }

  draw({ total, matching, offset, clients }) {
    if (clients.length === 0 && offset > 0) {
      this.offset = Math.max(0, Math.floor((matching - 1) / PAGE_ROWS) * PAGE_ROWS);
      this.load();
      return;
    }
    fillRows('clients', clients.map(rowOf), TEXT_COLUMNS);
    emptyNotes.clients.textContent = say(total === 0 ? 'noClients' : 'noClientFound');
    const range = { first: count(offset + 1), last: count(offset + clients.length), matching: count(matching) };
    show('clientRange', matching === 0 ? '' : say('clientRange', range));
    parts.previousClients.disabled = offset === 0;
    parts.nextClients.disabled = offset + clients.length >= matching;
    for (const button of this.headers) {
      const isSorted = button.dataset.sort === this.sort;
      const order = this.order === 'asc' ? 'ascending' : 'descending';
      if (isSorted) button.parentElement.setAttribute('aria-sort', order);
      else button.parentElement.removeAttribute('aria-sort');
    }
  }
}

/** Null when the request was aborted or failed: the next refresh repeats it. */
async function fetchPage(url, signal) {
  try {
    const response = await fetch(url, { signal });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function rowOf(client) {
  const { clientId, clientName, groups, groupCount, address, status, connectedAt, lastActivityAt, queueBytes } = client;
  const more = groupCount - groups.length;
  const groupList = groups.join(', ') || '–';
  return [
    clientName ?? '–',
    status,
    more > 0 ? say('moreGroups', { groups: groupList, more: count(more) }) : groupList,
    address,
    moment(connectedAt),
    moment(lastActivityAt),
    bytes(queueBytes),
    { text: clientId, title: clientId },
  ];
}
