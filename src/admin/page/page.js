import { CHART_COLUMNS, Charts } from './charts.js';
import { Clients } from './clients.js';
import { parts } from './dom.js';
import { Feed } from './feed.js';
import { clock } from './format.js';
import { forget, notice } from './notices.js';
import { Series } from './series.js';
import { say, translateDocument } from './texts.js';
import { showState, showStatus } from './view.js';

translateDocument();
showState('connecting');
const series = new Series(CHART_COLUMNS);
const charts = new Charts(parts.charts, series);
const clients = new Clients();
let instanceId = null;

/** Detects a restart, as opposed to a lost connection: each router process has its own id. */
function noticeRestart(status) {
  if (instanceId !== null && instanceId !== status.instanceId) {
    notice('restart', 'warn', say('restarted', { when: clock(status.startedAt) }), true);
  }
  instanceId = status.instanceId;
}

const feed = new Feed({
  onStatus(status) {
    noticeRestart(status);
    showStatus(status);
    clients.update(status.clients);
    series.add(status.lastSecond);
    charts.draw();
  },
  onHistory(history) {
    series.addHistory(history);
    charts.draw();
  },
  onLink(link, since) {
    document.body.classList.toggle('stale', link !== 'live');
    if (link === 'live') return forget('link');
    showState(link);
    notice('link', 'bad', say(link, { when: clock(since) }));
  },
});
feed.start();
