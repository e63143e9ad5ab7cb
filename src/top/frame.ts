import type { RouterStatus } from '../telemetry/index.ts';
import { formatBytes, formatDuration, formatMs, formatRate, type Language, type Translate } from '../text/index.ts';
import { bar, type Line, row, type Span, type Style, span, sparkline } from './line.ts';
import type { TopMessage } from './messages.ts';
import { tables } from './tables.ts';
import { workerTable } from './worker-table.ts';

/** Data of one frame. */
export interface View {
  readonly status: RouterStatus;
  /** A connection problem or a restart; null without one. */
  readonly notice: string | null;
  /** Rates of the last minute, oldest first. */
  readonly inPerSecond: readonly number[];
  readonly outPerSecond: readonly number[];
}

export interface FrameOptions {
  readonly t: Translate<TopMessage>;
  readonly lang: Language;
  readonly columns: number;
}

const LABEL_WIDTH = 14;
const FIGURE_WIDTH = 14;
const BAR_WIDTH = 30;
const WARN_SHARE = 0.8;
const CRITICAL_SHARE = 0.95;
const STATE_STYLES = { ready: 'green', starting: 'yellow', draining: 'yellow' } as const;

/** All lines of the view; the screen cuts them to the terminal size. */
export function frame(view: View, options: FrameOptions): Line[] {
  const notice: Line[] = view.notice === null ? [] : [[span(view.notice, ['bold', 'yellow'])]];
  const workers = workerTable(view.status, options.t, options.lang);
  return [
    ...[head(view.status, options), ...notice, []],
    ...[...figures(view, options), []],
    ...workers,
    ...tables(view.status, options),
  ];
}

function head({ version, state, uptimeMs, pid, listening }: RouterStatus, { t, lang }: FrameOptions): Line {
  const addresses = listening
    .filter(({ purpose }) => purpose === 'grpc')
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return [
    span(`rpc-dart-router ${version}`, 'bold'),
    span('   '),
    span(`● ${t(state)}`, ['bold', STATE_STYLES[state]]),
    span(`   ${t('uptime', { time: formatDuration(uptimeMs, lang) })}   PID ${pid}   ${addresses.join(' ')}`),
  ];
}

function figures(view: View, { t, lang }: FrameOptions): Line[] {
  const { connections, clients, sessions, messages, latencyMs, queues, eventLoop, memory, cpu, reload } = view.status;
  const line = (label: TopMessage, figure: string, ...rest: Span[]): Line => [
    ...row([[t(label), LABEL_WIDTH]], 'dim'),
    span(`${figure.padEnd(FIGURE_WIDTH)} `, 'bold'),
    ...rest,
  ];
  const rate = (value: number): string => t('perSecond', { rate: formatRate(value) });
  const time = (ms: number): string => formatMs(ms, lang);
  const share = connections.current / connections.max;
  const online = Object.entries(clients.byStatus).map(([status, count]) => `${status} ${count}`);
  const { current, max } = connections;
  return [
    line('connections', t('ofMax', { current, max }), span(bar(share, BAR_WIDTH), fillStyle(share))),
    line('clients', String(clients.current), span(online.join('  '))),
    line('sessions', String(sessions.current), span(t('away', { count: sessions.away }), 'dim')),
    line('messagesIn', rate(messages.inPerSecond), span(trend(view.inPerSecond), 'cyan')),
    line('deliveries', rate(messages.outPerSecond), span(trend(view.outPerSecond), 'cyan')),
    line('latency', `p99 ${time(latencyMs.p99)}`, span(`p50 ${time(latencyMs.p50)}  p95 ${time(latencyMs.p95)}`)),
    line(
      'queues',
      formatBytes(queues.bytes, lang),
      span(t('slowReaders', { count: queues.slowReaders }), queues.slowReaders > 0 ? 'yellow' : 'dim'),
    ),
    line(
      'eventLoop',
      `p99 ${time(eventLoop.p99Ms)}`,
      span(`${t('median', { time: time(eventLoop.p50Ms) })}  ${t('worst', { time: time(eventLoop.maxMs) })}`),
    ),
    line(
      'memory',
      formatBytes(memory.rssBytes, lang),
      ...memoryBar(memory),
      span(`${t('heap', { size: formatBytes(memory.heapUsedBytes, lang) })}  `),
      span(t('cpu', { percent: formatRate(cpu.percent) })),
    ),
    line('reload', '', span(reloadText(reload, t, lang), reload.outcome === 'refused' ? 'red' : 'dim')),
  ];
}

/** Memory limits exist only under the daemon. */
function memoryBar({ rssBytes, limitBytes }: RouterStatus['memory']): Span[] {
  if (limitBytes === null) return [];
  const share = rssBytes / limitBytes;
  return [span(`${bar(share, BAR_WIDTH)}  `, fillStyle(share))];
}

function fillStyle(share: number): Style {
  return share > CRITICAL_SHARE ? 'red' : share > WARN_SHARE ? 'yellow' : 'green';
}

function reloadText(reload: RouterStatus['reload'], t: Translate<TopMessage>, lang: Language): string {
  const { outcome, lastAt, errors, errorsRu } = reload;
  const when = lastAt === null ? '' : clockTime(lastAt);
  const [error = ''] = lang === 'ru' ? errorsRu : errors;
  return t(outcome, { when, error });
}

/** `21:30:15`, in local time. */
export function clockTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

/** A sparkline from two values on. */
function trend(values: readonly number[]): string {
  return values.length > 1 ? sparkline(values) : '';
}
