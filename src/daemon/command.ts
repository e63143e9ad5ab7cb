import type { CommandContext } from '../cli/index.ts';
import { Progress, paint, withPriority } from '../cli/index.ts';
import type { Translate } from '../text/index.ts';
import { Interruption } from './interruption.ts';
import { daemonMessages } from './messages.ts';
import { isPm2Running } from './pm2-home.ts';
import type { ProcessSupervisor, SupervisorError } from './supervisor.ts';

export type DaemonMessage = Parameters<ReturnType<typeof daemonMessages>>[0];

/** Input, output and PM2 connection of a daemon command. */
export interface DaemonCommand {
  readonly context: CommandContext;
  readonly t: Translate<DaemonMessage>;
  readonly progress: Progress;
  readonly interruption: Interruption;
  /** Launches PM2 when it does not run. */
  supervisor(): Promise<ProcessSupervisor>;
  /** PM2 if it runs, else null: read-only commands do not launch it. */
  runningSupervisor(): Promise<ProcessSupervisor | null>;
  printLine(line: string): void;
  printSuccess(line: string): void;
  printWarning(line: string): void;
  printError(line: string): void;
}

/** Runs `body` and closes the PM2 connection afterwards: one connection per command (pm2#5302). */
export async function withDaemonCommand(
  context: CommandContext,
  connect: (env: CommandContext['env']) => Promise<ProcessSupervisor>,
  body: (command: DaemonCommand) => Promise<number>,
): Promise<number> {
  let connected: Promise<ProcessSupervisor> | null = null;
  const { env } = context;
  const t = daemonMessages(context.lang);
  const output = createOutput(context);
  const supervisor = async (): Promise<ProcessSupervisor> => {
    const first = connected === null;
    connected ??= connect(env);
    const { versions } = await connected;
    if (first && versions.running !== versions.own) output.printWarning(t('pm2Version', versions));
    return connected;
  };
  try {
    return await body({
      context,
      interruption: new Interruption(),
      t,
      supervisor,
      runningSupervisor: async () => ((await isPm2Running(env)) ? await supervisor() : null),
      ...output,
    });
  } finally {
    output.progress.end();
    await (connected as Promise<ProcessSupervisor> | null)?.then(
      (pm2) => pm2.disconnect(),
      () => {},
    );
  }
}

type Output = Pick<DaemonCommand, 'progress' | 'printLine' | 'printSuccess' | 'printWarning' | 'printError'>;

/** Each line removes the progress line first. */
function createOutput({ stdout, stderr, env }: CommandContext): Output {
  const progress = new Progress(stdout);
  const print = (stream: NodeJS.WriteStream, line: string): void => {
    progress.end();
    stream.write(`${line}\n`);
  };
  return {
    progress,
    printLine: (line) => print(stdout, line),
    printSuccess: (line) => print(stdout, paint(stdout, 'green', line, env)),
    printWarning: (line) => print(stderr, withPriority(stderr, 'warning', paint(stderr, 'yellow', line, env), env)),
    printError: (line) => print(stderr, withPriority(stderr, 'error', paint(stderr, 'red', line, env), env)),
  };
}

/** Localized text of a supervisor error. */
export function explainSupervisor(t: Translate<DaemonMessage>, { problem }: SupervisorError): string {
  switch (problem.kind) {
    case 'homeTooLong':
      return t('pm2HomeTooLong', { home: problem.home });
    case 'homeFull':
      return t('pm2HomeFull', { home: problem.home });
    case 'homeUnusable':
      return t('pm2HomeUnusable', problem);
    case 'noAnswer':
      return t('pm2NoAnswer', { ...problem, pid: problem.pid ?? 'PID' });
    case 'failed':
      return t('pm2Failed', problem);
  }
}
