/** The router sends once a second; without data for this long it is busy, frozen or unreachable. */
const SILENCE_MS = 5000;
const REOPEN_MS = 1000;

/**
 * Follows a router over restarts and lost connections: loads its history once, then receives its status each second. Calls
 * `onStatus(status)`, `onHistory(series)` and `onLink('live' | 'lost' | 'stalled', since)`.
 */
export class Feed {
  constructor({ onStatus, onHistory, onLink }) {
    this.onStatus = onStatus;
    this.onHistory = onHistory;
    this.onLink = onLink;
    this.lastReceivedAt = Date.now();
    this.link = 'connecting';
  }

  start() {
    this.open();
    setInterval(() => this.checkSilence(), 1000);
  }

  open() {
    const source = new EventSource('api/status/stream');
    // the history contains the samples missed meanwhile
    source.onopen = () => this.loadHistory();
    source.onmessage = (event) => this.receive(JSON.parse(event.data));
    source.onerror = () => {
      this.setLink('lost');
      if (source.readyState !== EventSource.CLOSED) return; // the browser reconnects by itself
      source.close();
      setTimeout(() => this.open(), REOPEN_MS);
    };
  }

  receive(status) {
    this.lastReceivedAt = Date.now();
    this.setLink('live');
    this.onStatus(status);
  }

  async loadHistory() {
    try {
      const answer = await fetch('api/status/history');
      if (answer.ok) this.onHistory((await answer.json()).series);
    } catch {
      // the connection was lost again: loaded after the next one
    }
  }

  checkSilence() {
    if (this.link === 'live' && Date.now() - this.lastReceivedAt > SILENCE_MS) this.setLink('stalled');
  }

  setLink(link) {
    if (this.link === link) return;
    this.link = link;
    this.onLink(link, this.lastReceivedAt);
  }
}
