import { type CommandContext, EXIT } from '../cli/index.ts';
import { locateDaemon } from '../daemon/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { clockTime, frame, type View } from './frame.ts';
import { cutLine, span } from './line.ts';
import { topMessages } from './messages.ts';
import { Screen } from './screen.ts';
import { askOnce, describePlace, Follower, type Place } from './status-stream-client.ts';

/** Columns of the view in a pipe. */
const PIPE_COLUMNS = 100;
const REMEMBERED_SECONDS = 60;

/** `--top`: a live view on a terminal; in a pipe, or as JSON, how the router is at this moment. */
export async function runTop(context: CommandContext): Promise<number> {
  const say = topMessages(context.lang);
  const place = await placeOf(context);
  if (place === null) {
    context.stderr.write(`${say('badUrl', { url: context.config.metricsUrl ?? '' })}\n`);
    return EXIT.usage;
  }
  const status = await askOnce(place);
  if (status === 'forbidden') {
    context.stderr.write(`${say('forbidden', { where: describePlace(place) })}\n${say('hintForbidden')}\n`);
    return EXIT.failed;
  }
  if (status === null) {
    const hint = say('url' in place ? 'hintUrl' : 'hintDaemon');
    context.stderr.write(`${say('notRunning', { where: describePlace(place) })}\n${hint}\n`);
    return EXIT.notRunning;
  }
  if (context.config.json) context.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  else if (context.stdout.isTTY) await new LiveView(context, place, status).run();
  else print(context, status);
  return EXIT.done;
}

async function placeOf({ config, env }: CommandContext): Promise<Place | null> {
  if (config.metricsUrl === null) {
    const { other, places } = await locateDaemon(config, env, null);
    return { socketPath: (other ?? { places }).places.controlSocket };
  }
  if (!URL.canParse(config.metricsUrl)) return null;
  const url = new URL(config.metricsUrl);
  return url.protocol === 'http:' || url.protocol === 'https:' ? { url } : null;
}

function print({ stdout, lang }: CommandContext, status: RouterStatus): void {
  const { inPerSecond, outPerSecond } = status.messages;
  const view: View = { status, notice: null, inPerSecond: [inPerSecond], outPerSecond: [outPerSecond] };
  for (const line of frame(view, { say: topMessages(lang), lang, columns: PIPE_COLUMNS })) {
    const text = cutLine(line, PIPE_COLUMNS).map((piece) => piece.text);
    stdout.write(`${text.join('').trimEnd()}\n`);
  }
}

/** The view on a terminal, from the first status to `q`. */
class LiveView {
  private readonly context: CommandContext;
  private readonly place: Place;
  private readonly screen: Screen;
  private view: View;
  private restartedAt: number | null = null;

  constructor(context: CommandContext, place: Place, status: RouterStatus) {
    this.context = context;
    this.place = place;
    this.view = { status, notice: null, inPerSecond: [], outPerSecond: [] };
    this.screen = new Screen(context, () => this.draw());
  }

  async run(): Promise<void> {
    const say = topMessages(this.context.lang);
    const follower = new Follower(this.place, {
      status: (status) => this.take(status),
      trouble: (kind, heardAt) => this.update({ notice: say(kind, { when: clockTime(heardAt) }) }),
    });
    try {
      this.draw();
      await this.screen.quit;
    } finally {
      follower.stop();
      this.screen.close();
    }
  }

  private take(status: RouterStatus): void {
    const { view } = this;
    if (status.instanceId !== view.status.instanceId) this.restartedAt = status.startedAt;
    const isRecent = this.restartedAt !== null && status.uptimeMs < REMEMBERED_SECONDS * 1000;
    const say = topMessages(this.context.lang);
    const add = (values: readonly number[], value: number): number[] => [...values, value].slice(-REMEMBERED_SECONDS);
    this.update({
      status,
      notice: isRecent ? say('restarted', { when: clockTime(status.startedAt) }) : null,
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
    const say = topMessages(lang);
    const lines = frame(this.view, { say, lang, columns: this.screen.columns });
    this.screen.draw(lines, [span(`${say('quit')}   ${describePlace(this.place)}`, 'dim')]);
  }
}
