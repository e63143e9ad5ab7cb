import { randomUUID } from 'node:crypto';
import { rmdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { loadSecurity, probeCapabilities, RouterApp, type SecurityFiles } from '../app/index.ts';
import { EXIT } from '../cli/index.ts';
import { DEFAULT_CONFIG, type RouterConfig } from '../config/index.ts';
import { sourceStack } from '../host/index.ts';
import { JournalStream, Logger, lostLinesNotice, standardOutput } from '../logging/index.ts';
import { openLog } from '../process/index.ts';
import { Problems, type Text } from '../text/index.ts';
import type { ParentMessage, Question, StartFailure, WorkerMessage, WorkerStart } from '../workers/index.ts';
import { AcceptGate, type SharedHandle } from './accept-gate.ts';

const BEAT_MS = 250;
const BEATS_PER_STATUS = 4;
/** Time for connections that were accepted last to send their first request before a replaced worker drains. */
const SETTLE_MS = 300;

type Send = (message: WorkerMessage) => void;

/** One of several processes that serve the clients of a router. Its parent configures, observes and ends it. */
export class Worker {
  private readonly start: WorkerStart;
  private readonly config: RouterConfig;
  private readonly send: Send;
  private readonly gate: AcceptGate;
  private readonly journal: JournalStream | null;
  private readonly log: Logger;
  private app: RouterApp | null = null;
  private beats = 0;
  private isServing = false;
  private isDraining = false;
  private isEnded = false;
  private isDebug = false;
  private markEnded: () => void = () => {};

  constructor(start: WorkerStart, send: Send) {
    this.start = start;
    // the parent may be of another release, with other options
    this.config = { ...DEFAULT_CONFIG, ...start.config };
    this.send = send;
    const currentConfig = (): RouterConfig => this.app?.config ?? this.config;
    this.gate = new AcceptGate(
      () => currentConfig().maxConnections,
      (admitted) => send({ kind: 'paused', admitted }),
    );
    const { logFormat, logLevel, logJournal } = this.config;
    const journal = logJournal ? new JournalStream({ identifier: 'rpc-dart-router' }) : null;
    this.journal = journal;
    this.log = new Logger({
      level: logLevel,
      format: logFormat,
      destination: standardOutput((lines) => lostLinesNotice(logFormat, lines)),
      fields: { worker: start.worker },
      ...(journal && { tap: (level, line) => journal.write(level, line) }),
    });
    this.setDebug(start.isDebug);
  }

  /** Serves clients until a graceful shutdown is complete or the parent has ended; returns the exit code. */
  async run(): Promise<number> {
    const { log } = this;
    process.once('uncaughtExceptionMonitor', (error) =>
      log.critical(`Crash: ${sourceStack(error.stack ?? error.message)}`),
    );
    const security = loadSecurity(this.config);
    if (!security.ok) {
      this.send({ kind: 'failed', failure: { problems: security.problems, error: null } });
      return EXIT.usage;
    }
    const ended = new Promise<void>((resolve) => {
      this.markEnded = resolve;
    });
    this.app = await this.createApp(security.files);
    if (this.isEnded) this.markEnded(); // the end was requested meanwhile
    const beat = setInterval(() => this.beat(), BEAT_MS);
    try {
      await Promise.race([this.app.start(), ended]);
      this.isServing = true;
      if (!this.isEnded) this.send({ kind: 'accepting' });
      await Promise.race([this.app.stopped, ended]);
      return EXIT.done;
    } catch (error) {
      this.send({ kind: 'failed', failure: failureOf(error) });
      return EXIT.failed;
    } finally {
      clearInterval(beat);
      await this.app.dispose();
      await this.journal?.close();
      if (!process.connected) removeIfEmpty(this.start.linkFolder);
    }
  }

  receive(message: ParentMessage, handle: SharedHandle | undefined): void {
    switch (message.kind) {
      case 'accept':
        if (handle !== undefined) void this.accept(handle, message.pausesWhenFull);
        break;
      case 'pauseAccepting':
        this.gate.pause();
        break;
      case 'drain':
        this.drain(message.isReplaced);
        break;
      case 'stopAtOnce':
        this.app?.requestStop();
        break;
      case 'debug':
        this.setDebug(message.isDebug);
        break;
      case 'ask':
        void this.answer(message.question).then((answer) => this.send({ kind: 'answer', id: message.id, answer }));
        break;
      case 'start':
        break;
    }
  }

  /** Starts a graceful shutdown, once. A replaced worker first completes the work of its newest connections. */
  drain(isReplaced: boolean): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.gate.close();
    if (!this.isServing) this.end();
    else if (isReplaced) void delay(SETTLE_MS).then(() => this.app?.requestStop());
    else this.app?.requestStop();
  }

  /** Ends at once: there are no clients yet, or the parent has ended. */
  end(): void {
    this.isEnded = true;
    this.markEnded();
  }

  private async createApp(security: SecurityFiles): Promise<RouterApp> {
    const { config, log, start, gate } = this;
    const sessionKey = security.sessionKey ?? Buffer.from(start.sessionKey, 'base64');
    return new RouterApp({
      config,
      capabilities: await probeCapabilities(config.nodeInternals),
      security: { ...security, sessionKey },
      log,
      load: () => ({ ok: false, problems: [], lang: null }),
      instanceId: randomUUID(),
      openLog,
      readyNotice: null,
      worker: { number: start.worker, linkFolder: start.linkFolder },
      listen: (listener) => gate.listen(listener, () => this.send({ kind: 'ready' })),
    });
  }

  private async accept(handle: SharedHandle, pausesWhenFull: boolean): Promise<void> {
    try {
      await this.gate.accept(handle, pausesWhenFull);
    } catch (error) {
      this.log.error('Cannot accept connections', { error: (error as Error).message });
    }
  }

  private setDebug(isDebug: boolean): void {
    if (isDebug !== this.isDebug) this.isDebug = this.log.toggleDebug();
  }

  private beat(): void {
    const { app, gate } = this;
    const isStatusDue = this.beats++ % BEATS_PER_STATUS === 0;
    const status = isStatusDue && app !== null ? app.observability.status() : null;
    this.send({ kind: 'beat', admitted: gate.report(), status });
  }

  private async answer(question: Question): Promise<unknown> {
    const { app } = this;
    if (app === null) return null;
    switch (question.kind) {
      case 'status':
        return app.observability.status();
      case 'metrics':
        return app.observability.metrics();
      case 'clients':
        return app.observability.listClients(question.query);
      case 'api':
        return app.api.answer(question.request);
      case 'prepareReload': {
        const problems = this.prepareReload(app, question.config);
        return { problems, fileChanges: app.reloader.preparedFileChanges };
      }
      case 'commitReload':
        app.reloader.commit();
        return app.reloader.state;
    }
  }

  private prepareReload(app: RouterApp, config: RouterConfig): readonly Text[] {
    const next = { ...DEFAULT_CONFIG, ...config };
    return app.reloader.prepare(next);
  }
}

/** After the end of the parent, which owns the folder, the last worker removes it. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // another worker is still using it
  }
}

function failureOf(error: unknown): StartFailure {
  if (error instanceof Problems) return { problems: error.list, error: null };
  const { message, code, port, address } = error as Error & { code?: string; port?: number; address?: string };
  return { problems: [], error: { message, code, port, address } };
}
