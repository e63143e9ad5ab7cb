import { readFileSync } from 'node:fs';
import { machine, platform } from 'node:os';
import { type CommandContext, EXIT, withPriority } from '../cli/index.ts';
import { type LoadedConfig, loadConfig, VERSION } from '../config/index.ts';
import { openFilesLimit, sourceStack } from '../host/index.ts';
import { JournalStream, type LogDestination, Logger } from '../logging/index.ts';
import { bothLanguages, Problems, type Text } from '../text/index.ts';
import { describeStartError } from './describe-start-error.ts';
import { logsToStandardOutput, openLog, rotationOf } from './log-output.ts';
import { closeStrayDebugger, handleSignals } from './signals.ts';
import { startWarnings } from './start-warnings.ts';

const BANNER_RULE = '='.repeat(48);

/** The part of a foreground process that serves clients: a router, or the parent of several workers. */
export interface Service {
  /** Resolves when the graceful shutdown is complete; rejects when the service cannot run on. */
  readonly stopped: Promise<void>;
  /** Opens ports and files. Rejects when one cannot be opened; `dispose` follows. */
  start(): Promise<void>;
  /** Starts a graceful shutdown; the second call stops at once. */
  requestStop(): void;
  reload(): void;
  logStatistics(): void;
  toggleDebug(): void;
  /** Releases all resources, in any state. */
  dispose(): Promise<void>;
}

/** Tools of a service: its log, and the configuration's sources. */
export interface ServiceContext {
  readonly log: Logger;
  /** Loads the configuration again, for a reload. */
  readonly load: () => LoadedConfig;
}

/**
 * Runs a service in the foreground until it is stopped; resolves with the exit code. Owns the log, its rotation and the
 * signal handlers.
 */
export async function runService(
  context: CommandContext,
  fileWarnings: readonly Text[],
  create: (tools: ServiceContext) => Promise<Service>,
): Promise<number> {
  const { config } = context;
  const journal = config.logJournal ? new JournalStream({ identifier: 'rpc-dart-router' }) : null;
  try {
    let destination: LogDestination;
    try {
      destination = openLog(config);
    } catch (error) {
      if (!(error instanceof Problems)) throw error;
      return refuse(context, error.list, journal);
    }
    const log = new Logger({
      level: config.logLevel,
      format: config.logFormat,
      destination,
      ...(journal && { tap: (level, line) => journal.write(level, line) }),
    });
    return await runWithLog(context, log, destination, fileWarnings, create);
  } finally {
    await journal?.close();
  }
}

/** Reports problems of the configuration where no log is open yet; returns the exit code. */
export async function refuseStart(context: CommandContext, problems: readonly Text[]): Promise<number> {
  const journal = context.config.logJournal ? new JournalStream({ identifier: 'rpc-dart-router' }) : null;
  try {
    return refuse(context, problems, journal);
  } finally {
    await journal?.close();
  }
}

function refuse(context: CommandContext, problems: readonly Text[], journal: JournalStream | null): number {
  for (const problem of problems) {
    printProblem(context, problem);
    journal?.write('critical', problem.en);
  }
  return EXIT.usage;
}

function printProblem({ env, stderr, lang }: CommandContext, problem: Text): void {
  stderr.write(`${withPriority(stderr, 'error', problem[lang], env)}\n`);
}

async function runWithLog(
  context: CommandContext,
  log: Logger,
  destination: LogDestination,
  fileWarnings: readonly Text[],
  create: (tools: ServiceContext) => Promise<Service>,
): Promise<number> {
  const { config, argv, env } = context;
  const rotation = rotationOf(config, destination, (problem) => printProblem(context, bothLanguages(problem)));
  const load = (): LoadedConfig => loadConfig({ argv, env, readFile: (path) => readFileSync(path, 'utf8') });
  const service = await create({ log, load });
  const removeHandlers = handleSignals(
    {
      stop: () => service.requestStop(),
      reload: () => {
        // also when the reload is refused: logrotate sends SIGHUP too
        void rotation?.reopenIfMoved();
        service.reload();
      },
      statistics: () => service.logStatistics(),
      toggleDebug: () => service.toggleDebug(),
    },
    context.signals,
  );
  try {
    return await runUntilStopped(service, log, context, fileWarnings);
  } finally {
    rotation?.stop();
    context.signals?.hold();
    removeHandlers();
  }
}

async function runUntilStopped(
  service: Service,
  log: Logger,
  context: CommandContext,
  fileWarnings: readonly Text[],
): Promise<number> {
  const { config } = context;
  // records the cause of a crash in the log; Node ends the process afterwards
  process.once('uncaughtExceptionMonitor', (error) =>
    log.critical(`Crash: ${sourceStack(error.stack ?? error.message)}`),
  );
  logStart(log, context, fileWarnings);
  try {
    await service.start();
    if (closeStrayDebugger(process.execArgv, context.env.NODE_OPTIONS ?? '')) {
      log.warning('SIGUSR1 came while Node.js started and opened its debugger; it is closed');
      service.logStatistics();
    }
    await service.stopped;
    log.info('RPC Dart Router stopped');
    return config.supervised ? EXIT.stopped : EXIT.done;
  } catch (error) {
    const reason = describeStartError(error, config);
    log.critical(reason.en);
    // a user in a terminal does not see the log file and may not read English
    const isLogSeen = logsToStandardOutput(config) && config.logLevel !== 'none';
    if (!isLogSeen || context.lang !== 'en') printProblem(context, reason);
    return error instanceof ConfigurationError ? EXIT.usage : EXIT.failed;
  } finally {
    await service.dispose();
  }
}

/** Problems of the configuration that only show during the start: the exit code is that of wrong usage. */
export class ConfigurationError extends Problems {}

/** The first lines of a log, as in the operator's guide. */
function logStart(log: Logger, { config, env }: CommandContext, fileWarnings: readonly Text[]): void {
  log.plain('===== RPC Dart Router Daemon Startup =====');
  log.plain(`Version: ${VERSION}`);
  log.plain(`Platform: ${platform()} ${machine()}`);
  log.plain(`Node: ${process.version}`);
  log.plain(`PID: ${process.pid}`);
  log.plain(`Working Directory: ${workingDirectory()}`);
  log.plain(BANNER_RULE);
  log.info('RPC Dart Router daemon starting');
  log.info(`Configuration: host=${config.host}, port=${config.port}`);
  log.info(`Log level: ${config.logLevel}`);
  for (const warning of [...fileWarnings, ...startWarnings(config, openFilesLimit(), env)]) log.warning(warning.en);
}

/** The shell's folder may have been removed since. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    return `unknown (${(error as Error).message})`;
  }
}
