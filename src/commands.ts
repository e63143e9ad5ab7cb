import { readFileSync } from 'node:fs';
import type { CommandContext, CommandIo } from './cli/index.ts';
import { cliMessages, EXIT, helpText, translateLegacy, withPriority } from './cli/index.ts';
import { loadConfig, type RouterConfig, VERSION } from './config/index.ts';
import { workerCount } from './host/index.ts';
import { chooseLanguage, explainSystemError, isSystemError } from './text/index.ts';

type Command = (context: CommandContext) => Promise<number>;

const daemonCommand = (name: 'settle' | 'start' | 'stop' | 'status' | 'reload' | 'restart' | 'logs'): Command => {
  return async (context) => (await import('./daemon/index.ts')).runDaemonCommand(name, context);
};

const controlCommand: Command = async (context) => (await import('./control/index.ts')).runControlCommand(context);

/** Commands by their option. Each is loaded on demand: only the daemon commands load PM2. */
const COMMANDS: Readonly<Partial<Record<keyof RouterConfig, Command>>> = {
  daemonStart: daemonCommand('start'),
  daemonStop: daemonCommand('stop'),
  daemonStatus: daemonCommand('status'),
  daemonReload: daemonCommand('reload'),
  daemonRestart: daemonCommand('restart'),
  daemonLogs: daemonCommand('logs'),
  daemonSettle: daemonCommand('settle'),
  doctor: async (context) => (await import('./doctor/index.ts')).runDoctor(context),
  clients: controlCommand,
  disconnect: controlCommand,
  send: controlCommand,
  request: controlCommand,
  top: async (context) => (await import('./top/index.ts')).runTop(context),
  checkConfig: async (context) => (await import('./app/index.ts')).checkConfig(context),
};

const runInForeground: Command = async (context) => {
  if (workerCount(context.config.workers) === 1) return (await import('./app/index.ts')).runRouter(context);
  return (await import('./workers/index.ts')).runWorkers(context);
};

/** Runs the command selected by the command line; resolves with the exit code. */
export async function runCommandLine(given: CommandIo): Promise<number> {
  const code = await runChosen(given).catch((error: unknown) => explainError(error, given));
  if (given.argv.includes('--supervised'))
    (await import('./daemon/index.ts')).markStoppedLater(given.argv, given.env, code);
  return code;
}

/** An error of the system (a full disk, a folder that was removed) is explained; any other is a fault of the program. */
function explainError(error: unknown, { env, stderr }: CommandIo): number {
  if (!isSystemError(error)) throw error;
  const text = explainSystemError(error)[chooseLanguage(null, env)];
  stderr.write(`${withPriority(stderr, 'error', `❌ ${text}`, env)}\n`);
  return EXIT.failed;
}

async function runChosen(given: CommandIo): Promise<number> {
  // a worker gets its configuration from its parent
  if (given.argv[0] === '--worker') return (await import('./worker/index.ts')).runWorker(given);
  const { argv, env, warnings } = translateLegacy(given.argv, given.env);
  const io = { ...given, argv, env };
  const { stdout, stderr } = io;
  const flags = flagsBeforeEnd(argv);
  const loaded = loadConfig({ argv, env, readFile: (path) => readFileSync(path, 'utf8') });
  const lang = chooseLanguage(loaded.ok ? loaded.config.lang : loaded.lang, env);
  if (flags.has('--help') || (loaded.ok && loaded.config.help)) {
    stdout.write(helpText(lang));
    return EXIT.done;
  }
  if (flags.has('--version') || (loaded.ok && loaded.config.version)) {
    stdout.write(`${VERSION}\n`);
    return EXIT.done;
  }
  for (const warning of warnings) stderr.write(`${warning[lang]}\n`);
  const t = cliMessages(lang);
  if (!loaded.ok) {
    for (const problem of loaded.problems) stderr.write(`${withPriority(stderr, 'error', problem[lang], env)}\n`);
    stderr.write(`${t('seeHelp')}\n`);
    return EXIT.usage;
  }
  const { config, sources } = loaded;
  const chosen = (Object.keys(COMMANDS) as (keyof RouterConfig)[]).filter((name) => isGiven(config[name]));
  if (chosen.length > 1) {
    stderr.write(`${t('oneCommand', { commands: chosen.map(flagOf).join(', ') })}\n`);
    return EXIT.usage;
  }
  const command = COMMANDS[chosen[0] as keyof RouterConfig] ?? runInForeground;
  // only the router handles early signals; raised again, they terminate any other command
  if (command !== runInForeground) for (const signal of io.signals?.take() ?? []) process.kill(process.pid, signal);
  return command({ ...io, lang, config, sources });
}

/** `--help` and `--version` take effect even if other arguments are invalid. */
function flagsBeforeEnd(argv: readonly string[]): ReadonlySet<string> {
  const end = argv.indexOf('--');
  return new Set(end < 0 ? argv : argv.slice(0, end));
}

/** A command without a value, or one with a value. */
function isGiven(value: RouterConfig[keyof RouterConfig]): boolean {
  return value === true || typeof value === 'string';
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
