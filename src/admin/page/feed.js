/** The router sends once a second; after this much silence it is busy, frozen or unreachable without saying so. */
const SILENCE_MS = 5000;
const REOPEN_MS = 1000;

/**
 * Follows a router: its history once, then its status each second, over restarts and lost connections.
 * `onStatus(status)`, `onHistory(series)` and `onLink('live' | 'lost' | 'stalled', since)` are told.
 */
export class Feed {
  constructor({ onStatus, onHistory, onLink }) {
    this.onStatus = onStatus;
    this.onHistory = onHistory;
    this.onLink = onLink;
    this.heardAt = Date.now();
    this.link = 'connecting';
  }

  start() {
    this.open();
    setInterval(() => this.checkSilence(), 1000);
  }

  open() {
    const source = new EventSource('api/status/stream');
    // what was missed meanwhile is in the history
    source.onopen = () => this.loadHistory();
    source.onmessage = (event) => this.receive(JSON.parse(event.data));
    source.onerror = () => {
      this.setLink('lost');
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      source.close();
      setTimeout(() => this.open(), REOPEN_MS);
    };
  }

  receive(status) {
    this.heardAt = Date.now();
    this.setLink('live');
    this.onStatus(status);
  }

  async loadHistory() {
    try {
      const answer = await fetch('api/status/history');
      if (answer.ok) this.onHistory((await answer.json()).series);
    } catch {
      // the connection broke again: the next one brings it
    }
  }

  checkSilence() {
    if (this.link === 'live' && Date.now() - this.heardAt > SILENCE_MS) this.setLink('stalled');
  }

  setLink(link) {
    if (this.link === link) return;
    this.link = link;
    this.onLink(link, this.heardAt);
  }
}
