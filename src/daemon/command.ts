import type { CommandContext } from '../cli/index.ts';
import { Progress, paint, withPriority } from '../cli/index.ts';
import type { Translate } from '../text/index.ts';
import { Interruption } from './interruption.ts';
import { daemonMessages } from './messages.ts';
import { isPm2Running } from './pm2-home.ts';
import type { ProcessSupervisor, SupervisorError } from './supervisor.ts';

export type DaemonMessage = Parameters<ReturnType<typeof daemonMessages>>[0];

/** What every daemon command works with. */
export interface DaemonCommand {
  readonly context: CommandContext;
  readonly say: Translate<DaemonMessage>;
  readonly progress: Progress;
  readonly interruption: Interruption;
  /** Launches PM2 when it does not run. */
  supervisor(): Promise<ProcessSupervisor>;
  /** PM2 if it runs; a command that only looks does not launch one. */
  runningSupervisor(): Promise<ProcessSupervisor | null>;
  out(line: string): void;
  good(line: string): void;
  warn(line: string): void;
  fail(line: string): void;
}

/** Runs `body` with what it needs, and lets go of PM2 afterwards: one connection per command (pm2#5302). */
export async function withDaemonCommand(
  context: CommandContext,
  connect: (env: CommandContext['env']) => Promise<ProcessSupervisor>,
  body: (command: DaemonCommand) => Promise<number>,
): Promise<number> {
  let connected: Promise<ProcessSupervisor> | null = null;
  const { stdout, stderr, env } = context;
  const say = daemonMessages(context.lang);
  const progress = new Progress(stdout);
  const print = (stream: NodeJS.WriteStream, line: string): void => {
    progress.end();
    stream.write(`${line}\n`);
  };
  const warn = (line: string): void =>
    print(stderr, withPriority(stderr, 'warning', paint(stderr, 'yellow', line, env), env));
  const supervisor = async (): Promise<ProcessSupervisor> => {
    const first = connected === null;
    connected ??= connect(env);
    const { versions } = await connected;
    if (first && versions.running !== versions.own) warn(say('pm2Version', versions));
    return connected;
  };
  try {
    return await body({
      context,
      interruption: new Interruption(),
      say,
      progress,
      supervisor,
      runningSupervisor: async () => ((await isPm2Running(env)) ? await supervisor() : null),
      out: (line) => print(stdout, line),
      good: (line) => print(stdout, paint(stdout, 'green', line, env)),
      warn,
      fail: (line) => print(stderr, withPriority(stderr, 'error', paint(stderr, 'red', line, env), env)),
    });
  } finally {
    progress.end();
    await (connected as Promise<ProcessSupervisor> | null)?.then(
      (pm2) => pm2.disconnect(),
      () => {},
    );
  }
}

/** What went wrong with the supervisor, for people. */
export function explainSupervisor(say: Translate<DaemonMessage>, { problem }: SupervisorError): string {
  switch (problem.kind) {
    case 'homeTooLong':
      return say('pm2HomeTooLong', { home: problem.home });
    case 'homeFull':
      return say('pm2HomeFull', { home: problem.home });
    case 'homeUnusable':
      return say('pm2HomeUnusable', problem);
    case 'noAnswer':
      return say('pm2NoAnswer', { ...problem, pid: problem.pid ?? 'PID' });
    case 'failed':
      return say('pm2Failed', problem);
  }
}
