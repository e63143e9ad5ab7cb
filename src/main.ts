#!/usr/bin/env node
import { EarlySignals } from './early-signals.ts';

const signals = new EarlySignals();

/** Limit for open handles that keep a finished process alive. */
const LINGER_MS = 1000;

const { argv, stdin, stdout, stderr } = process;
const env = { ...process.env };
// Node.js has read it already; a PM2 daemon launched from here would inherit the one of an editor's terminal
delete process.env.NODE_OPTIONS;
// `rpc-dart-router --help | head` closes the pipe early: EPIPE is not an error
for (const stream of [stdout, stderr]) stream.on('error', () => {});

try {
  // dynamic imports, because static ones would be loaded before the first signal handler is installed
  const { closeLostTerminals } = await import('./cli/terminal.ts');
  closeLostTerminals();
  const { quickAnswer } = await import('./quick-answers.ts');
  const args = argv.slice(2);
  const answer = quickAnswer(args, env);
  if (answer !== null) stdout.write(answer);
  else {
    const { runCommandLine } = await import('./commands.ts');
    process.exitCode = await runCommandLine({ argv: args, env, stdin, stdout, stderr, signals });
  }
} catch (error) {
  const { sourceStack } = await import('./host/index.ts');
  stderr.write(
    `Internal error: ${error instanceof Error ? sourceStack(error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
