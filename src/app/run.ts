import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CommandContext, EXIT } from '../cli/index.ts';
import { loadConfig, type RouterConfig, VERSION } from '../config/index.ts';
import { openFilesLimit } from '../host/index.ts';
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
import { logBanner } from './banner.ts';
import { describeStartError } from './describe-start-error.ts';
import { RouterApp } from './router-app.ts';
import { loadSecurity } from './security-files.ts';
import { handleSignals, type SignalActions } from './signals.ts';
import { startWarnings } from './start-warnings.ts';
import { closeStrayDebugger } from './stray-debugger.ts';
import { keepYoungGenerationSmall } from './v8-tuning.ts';

/** As a log file: overrides one that is named in the environment or in the configuration file. */
const STANDARD_OUTPUT = '-';

/** Runs the router in the foreground until it is stopped; returns the exit code. */
export async function runRouter(context: CommandContext): Promise<number> {
  const { config } = context;
  const complain = (problem: Text): void => {
    context.stderr.write(`${problem[context.lang]}\n`);
  };
  const security = loadSecurity(config);
  if (!security.ok) {
    security.problems.forEach(complain);
    return EXIT.usage;
  }
  let destination: LogDestination;
  try {
    destination = openLog(config);
  } catch (error) {
    if (!(error instanceof Problems)) throw error;
    error.list.forEach(complain);
    return EXIT.usage;
  }
  const journal = config.logJournal ? new JournalStream({ identifier: 'rpc-dart-router' }) : null;
  const log = new Logger({
    level: config.logLevel,
    format: config.logFormat,
    destination,
    ...(journal && { tap: (level, line) => journal.write(level, line) }),
  });
  const rotation = rotationOf(config, destination, (problem) => complain(bothLanguages(problem)));
  const app = new RouterApp({
    config,
    security: security.files,
    log,
    instanceId: randomUUID(),
    load: () => loadConfig({ argv: context.argv, env: context.env, readFile: (path) => readFileSync(path, 'utf8') }),
    openLog,
  });
  const actions: SignalActions = {
    stop: () => app.requestStop(),
    reload: () => {
      // whatever becomes of the reload: logrotate sends SIGHUP as well
      void rotation?.reopenIfMoved();
      app.reload();
    },
    statistics: () => app.logStatistics(),
    toggleDebug: () => app.toggleDebug(),
  };
  const forget = handleSignals(actions, context.signals);
  try {
    return await runUntilStopped(app, log, context, security.files.warnings, complain);
  } finally {
    rotation?.stop();
    await journal?.close();
    context.signals?.hold();
    forget();
  }
}

/** Where the log goes by this configuration; throws when the file cannot be written to. */
function openLog(config: RouterConfig): LogDestination {
  const lostNotice = (lines: number): string => lostLinesNotice(config.logFormat, lines);
  if (config.outputFile !== null) return new BufferedOutput(standardOutput(lostNotice));
  const isStandardOutput = config.logFile === null || config.logFile === STANDARD_OUTPUT;
  return isStandardOutput ? standardOutput(lostNotice) : logFile(config.logFile, lostNotice);
}

/** Under PM2, the rotation of the file that PM2 writes; null where it is not asked for. */
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
    // PM2, whose child this is, opens all its logs anew
    reopen: () => process.kill(process.ppid, 'SIGUSR2'),
    complain,
  });
}

async function runUntilStopped(
  app: RouterApp,
  log: Logger,
  context: CommandContext,
  fileWarnings: readonly Text[],
  complain: (problem: Text) => void,
): Promise<number> {
  const { config } = context;
  // the cause of a crash is to be found in the log, wherever that is; Node ends the process after this
  process.once('uncaughtExceptionMonitor', (error) => log.critical(`Crash: ${error.stack ?? error.message}`));
  logBanner(log, VERSION);
  log.info('RPC Dart Router daemon starting');
  log.info(`Configuration: host=${config.host}, port=${config.port}`);
  log.info(`Log level: ${config.logLevel}`);
  const warnings = [...fileWarnings, ...startWarnings(config, openFilesLimit(), context.env)];
  for (const warning of warnings) log.warning(warning.en);
  try {
    await app.start();
    if (closeStrayDebugger(process.execArgv, context.env.NODE_OPTIONS ?? '')) {
      log.warning('SIGUSR1 came while Node.js started and opened its debugger; it is closed');
      app.logStatistics();
    }
    keepYoungGenerationSmall();
    await app.stopped;
    log.info('RPC Dart Router stopped');
    return config.supervised ? EXIT.stopped : EXIT.done;
  } catch (error) {
    const reason = describeStartError(error, config);
    log.critical(reason.en);
    // whoever started it by hand looks at the terminal, not into a file, and may not read English
    const isLogSeen = (config.logFile ?? STANDARD_OUTPUT) === STANDARD_OUTPUT && config.logLevel !== 'none';
    if (!isLogSeen || context.lang !== 'en') complain(reason);
    return EXIT.failed;
  } finally {
    await app.dispose();
  }
}
