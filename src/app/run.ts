import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { machine, platform } from 'node:os';
import { type CommandContext, EXIT, withPriority } from '../cli/index.ts';
import { loadConfig, type RouterConfig, VERSION } from '../config/index.ts';
import { openFilesLimit, sourceStack } from '../host/index.ts';
import {
  BufferedOutput,
  JournalStream,
  type LogDestination,
  Logger,
  LogRotation,
  logFile,
  lostLinesNotice,
  standardOutput,
} from '../logging/index.ts';
import { bothLanguages, Problems, type Text } from '../text/index.ts';
import { describeCapabilities, probeCapabilities } from './capabilities.ts';
import { describeStartError } from './describe-start-error.ts';
import { isPm2 } from './pm2-parent.ts';
import { RouterApp } from './router-app.ts';
import { loadSecurity } from './security-files.ts';
import { closeStrayDebugger, handleSignals, type SignalActions } from './signals.ts';
import { startWarnings } from './start-warnings.ts';
import { limitSemiSpaceGrowth } from './v8-tuning.ts';

/** Value of --log-file that overrides a log file named in the environment or in the configuration file. */
const STANDARD_OUTPUT = '-';
const BANNER_RULE = '='.repeat(48);

/** Runs the router in the foreground until it is stopped; returns the exit code. */
export async function runRouter(context: CommandContext): Promise<number> {
  const journal = context.config.logJournal ? new JournalStream({ identifier: 'rpc-dart-router' }) : null;
  try {
    return await runWithJournal(context, journal);
  } finally {
    await journal?.close();
  }
}

async function runWithJournal(context: CommandContext, journal: JournalStream | null): Promise<number> {
  const { config, env, stderr, lang } = context;
  const complain = (problem: Text): void => {
    stderr.write(`${withPriority(stderr, 'error', problem[lang], env)}\n`);
  };
  /** There is no log yet that would pass the reason on to the journal. */
  const refuse = (problems: readonly Text[]): number => {
    for (const problem of problems) {
      complain(problem);
      journal?.write('critical', problem.en);
    }
    return EXIT.usage;
  };
  const security = loadSecurity(config);
  if (!security.ok) return refuse(security.problems);
  let destination: LogDestination;
  try {
    destination = openLog(config);
  } catch (error) {
    if (!(error instanceof Problems)) throw error;
    return refuse(error.list);
  }
  const log = new Logger({
    level: config.logLevel,
    format: config.logFormat,
    destination,
    ...(journal && { tap: (level, line) => journal.write(level, line) }),
  });
  const rotation = rotationOf(config, destination, (problem) => complain(bothLanguages(problem)));
  const capabilities = await probeCapabilities(config.nodeInternals);
  const app = new RouterApp({
    config,
    capabilities,
    security: security.files,
    log,
    instanceId: randomUUID(),
    load: () => loadConfig({ argv: context.argv, env: context.env, readFile: (path) => readFileSync(path, 'utf8') }),
    openLog,
  });
  const actions: SignalActions = {
    stop: () => app.requestStop(),
    reload: () => {
      // also when the reload is refused: logrotate sends SIGHUP too
      void rotation?.reopenIfMoved();
      app.reload();
    },
    statistics: () => app.logStatistics(),
    toggleDebug: () => app.toggleDebug(),
  };
  const removeHandlers = handleSignals(actions, context.signals);
  try {
    return await runUntilStopped(app, log, context, security.files.warnings, complain);
  } finally {
    rotation?.stop();
    context.signals?.hold();
    removeHandlers();
  }
}

/** Opens the configured log destination; throws when the file cannot be opened. */
function openLog(config: RouterConfig): LogDestination {
  const lostNotice = (lines: number): string => lostLinesNotice(config.logFormat, lines);
  if (config.outputFile !== null) return new BufferedOutput(standardOutput(lostNotice));
  const isStandardOutput = config.logFile === null || config.logFile === STANDARD_OUTPUT;
  return isStandardOutput ? standardOutput(lostNotice) : logFile(config.logFile, lostNotice);
}

/** Rotation of the log file that PM2 writes; null when PM2 does not write one. */
function rotationOf(
  config: RouterConfig,
  output: LogDestination,
  complain: (problem: string) => void,
): LogRotation | null {
  if (config.outputFile === null || !(output instanceof BufferedOutput)) return null;
  return new LogRotation({
    output,
    rotates: config.logRotation,
    format: config.logFormat,
    logFile: config.outputFile,
    maxSizeBytes: config.logMaxSize,
    retain: config.logRetain,
    reopen: reopenLogsOfPm2,
    complain,
  });
}

/** The first lines of a log, as in the operator's guide. */
function logBanner(log: Logger): void {
  log.plain('===== RPC Dart Router Daemon Startup =====');
  log.plain(`Version: ${VERSION}`);
  log.plain(`Platform: ${platform()} ${machine()}`);
  log.plain(`Node: ${process.version}`);
  log.plain(`PID: ${process.pid}`);
  log.plain(`Working Directory: ${workingDirectory()}`);
  log.plain(BANNER_RULE);
}

/** The shell's folder may have been removed since. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    return `unknown (${(error as Error).message})`;
  }
}

/** PM2, the parent of this process, reopens all its logs at SIGUSR2. When it has ended, init or another program is the parent. */
function reopenLogsOfPm2(): void {
  const parent = process.ppid;
  if (!isPm2(parent)) throw new Error(`PM2 does not run any more, the parent process is ${parent}`);
  process.kill(parent, 'SIGUSR2');
}

async function runUntilStopped(
  app: RouterApp,
  log: Logger,
  context: CommandContext,
  fileWarnings: readonly Text[],
  complain: (problem: Text) => void,
): Promise<number> {
  const { config } = context;
  // records the cause of a crash in the log; Node ends the process afterwards
  process.once('uncaughtExceptionMonitor', (error) =>
    log.critical(`Crash: ${sourceStack(error.stack ?? error.message)}`),
  );
  logBanner(log);
  log.info('RPC Dart Router daemon starting');
  log.info(`Configuration: host=${config.host}, port=${config.port}`);
  log.info(`Log level: ${config.logLevel}`);
  // the lines of a start are those of the operator's guide; a missing capability is worth one more
  const isComplete = Object.values(app.capabilities).every(Boolean);
  log[isComplete ? 'debug' : 'info'](describeCapabilities(app.capabilities));
  const warnings = [...fileWarnings, ...startWarnings(config, openFilesLimit(), context.env)];
  for (const warning of warnings) log.warning(warning.en);
  try {
    await app.start();
    if (closeStrayDebugger(process.execArgv, context.env.NODE_OPTIONS ?? '')) {
      log.warning('SIGUSR1 came while Node.js started and opened its debugger; it is closed');
      app.logStatistics();
    }
    if (app.capabilities['v8-tuning']) limitSemiSpaceGrowth();
    await app.stopped;
    log.info('RPC Dart Router stopped');
    return config.supervised ? EXIT.stopped : EXIT.done;
  } catch (error) {
    const reason = describeStartError(error, config);
    log.critical(reason.en);
    // a user in a terminal does not see the log file and may not read English
    const isLogSeen = (config.logFile ?? STANDARD_OUTPUT) === STANDARD_OUTPUT && config.logLevel !== 'none';
    if (!isLogSeen || context.lang !== 'en') complain(reason);
    return EXIT.failed;
  } finally {
    await app.dispose();
  }
}
