import { type CommandContext, EXIT, fetchStatusFrom, type StatusEndpoint } from '../cli/index.ts';
import { locateDaemon } from '../daemon/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { clockTime, frame, type View } from './frame.ts';
import { cutLine, span } from './line.ts';
import { topMessages } from './messages.ts';
import { Screen } from './screen.ts';
import { describeEndpoint, StatusStreamClient } from './status-stream-client.ts';

/** Width of the output in a pipe. */
const PIPE_COLUMNS = 100;
const HISTORY_SECONDS = 60;

/** `--top`: a live view on a terminal; a single snapshot in a pipe or with `--json`. */
export async function runTop(context: CommandContext): Promise<number> {
  const t = topMessages(context.lang);
  const endpoint = await statusEndpoint(context);
  if (endpoint === null) {
    context.stderr.write(`${t('badUrl', { url: context.config.metricsUrl ?? '' })}\n`);
    return EXIT.usage;
  }
  const status = await fetchStatusFrom(endpoint);
  if (status === 'forbidden') {
    context.stderr.write(`${t('forbidden', { where: describeEndpoint(endpoint) })}\n${t('hintForbidden')}\n`);
    return EXIT.failed;
  }
  if (status === null) {
    const hint = t('url' in endpoint ? 'hintUrl' : 'hintDaemon');
    context.stderr.write(`${t('notRunning', { where: describeEndpoint(endpoint) })}\n${hint}\n`);
    return EXIT.notRunning;
  }
  if (context.config.json) context.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  else if (context.stdout.isTTY) await new LiveView(context, endpoint, status).run();
  else printOnce(context, status);
  return EXIT.done;
}

async function statusEndpoint({ config, env }: CommandContext): Promise<StatusEndpoint | null> {
  if (config.metricsUrl === null) {
    const { other, paths } = await locateDaemon(config, env, null);
    return { socketPath: (other ?? { paths }).paths.controlSocket };
  }
  if (!URL.canParse(config.metricsUrl)) return null;
  const url = new URL(config.metricsUrl);
  return url.protocol === 'http:' || url.protocol === 'https:' ? { url } : null;
}

function printOnce({ stdout, lang }: CommandContext, status: RouterStatus): void {
  const { inPerSecond, outPerSecond } = status.messages;
  const view: View = { status, notice: null, inPerSecond: [inPerSecond], outPerSecond: [outPerSecond] };
  for (const line of frame(view, { t: topMessages(lang), lang, columns: PIPE_COLUMNS })) {
    const text = cutLine(line, PIPE_COLUMNS).map((piece) => piece.text);
    stdout.write(`${text.join('').trimEnd()}\n`);
  }
}

/** The live view on a terminal, until `q`. */
class LiveView {
  private readonly context: CommandContext;
  private readonly endpoint: StatusEndpoint;
  private readonly screen: Screen;
  private view: View;
  private restartedAt: number | null = null;

  constructor(context: CommandContext, endpoint: StatusEndpoint, status: RouterStatus) {
    this.context = context;
    this.endpoint = endpoint;
    this.view = { status, notice: null, inPerSecond: [], outPerSecond: [] };
    this.screen = new Screen(context, () => this.draw());
  }

  async run(): Promise<void> {
    const t = topMessages(this.context.lang);
    const client = new StatusStreamClient(this.endpoint, {
      onStatus: (status) => this.showStatus(status),
      onInterruption: (kind, lastReceivedAt) => this.update({ notice: t(kind, { when: clockTime(lastReceivedAt) }) }),
    });
    try {
      this.draw();
      await this.screen.quit;
    } finally {
      client.stop();
      this.screen.close();
    }
  }

  private showStatus(status: RouterStatus): void {
    const { view } = this;
    if (status.instanceId !== view.status.instanceId) this.restartedAt = status.startedAt;
    const isRecent = this.restartedAt !== null && status.uptimeMs < HISTORY_SECONDS * 1000;
    const t = topMessages(this.context.lang);
    const add = (values: readonly number[], value: number): number[] => [...values, value].slice(-HISTORY_SECONDS);
    this.update({
      status,
      notice: isRecent ? t('restarted', { when: clockTime(status.startedAt) }) : null,
      inPerSecond: add(view.inPerSecond, status.lastSecond?.inPerSecond ?? status.messages.inPerSecond),
      outPerSecond: add(view.outPerSecond, status.lastSecond?.outPerSecond ?? status.messages.outPerSecond),
    });
  }

  private update(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    this.draw();
  }

  private draw(): void {
    const { lang } = this.context;
    const t = topMessages(lang);
    const lines = frame(this.view, { t, lang, columns: this.screen.columns });
    this.screen.draw(lines, [span(`${t('quit')}   ${describeEndpoint(this.endpoint)}`, 'dim')]);
  }
}
