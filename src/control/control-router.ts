import {
  type CommandContext,
  type ControlRequest,
  type ControlResponse,
  callControlSocket,
  EXIT,
} from '../cli/index.ts';
import { locateDaemon } from '../daemon/index.ts';
import { controlMessages } from './messages.ts';

/** A command that has printed its problem. */
export class CommandFailed extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Time for a router to answer, besides the time that a client has. */
const ANSWER_TIMEOUT_MS = 10_000;

/** The router that the commands act on, by its control socket. */
export class ControlledRouter {
  private readonly context: CommandContext;
  private readonly socketPath: string;

  private constructor(context: CommandContext, socketPath: string) {
    this.context = context;
    this.socketPath = socketPath;
  }

  static async locate(context: CommandContext): Promise<ControlledRouter> {
    const { config, env } = context;
    const { other, paths } = await locateDaemon(config, env, null);
    return new ControlledRouter(context, (other ?? { paths }).paths.controlSocket);
  }

  /** Calls the router. Throws CommandFailed when it cannot be reached. */
  async call(request: Omit<ControlRequest, 'timeoutMs'>, clientTimeoutMs = 0): Promise<ControlResponse> {
    const t = controlMessages(this.context.lang);
    const where = this.socketPath;
    try {
      const response = await callControlSocket(where, { ...request, timeoutMs: ANSWER_TIMEOUT_MS + clientTimeoutMs });
      if (isOfOlderRouter(response)) throw new CommandFailed(t('tooOld', { where }), EXIT.failed);
      return response;
    } catch (error) {
      if (error instanceof CommandFailed) throw error;
      const isForbidden = (error as NodeJS.ErrnoException).code === 'EACCES';
      if (isForbidden) throw new CommandFailed(t('forbidden', { where }), EXIT.failed);
      throw new CommandFailed(`${t('notRunning', { where })}\n${t('hintDaemon')}`, EXIT.notRunning);
    }
  }
}

/** A router without the API on its control socket answers with plain text. */
function isOfOlderRouter({ status, body }: ControlResponse): boolean {
  return (status === 404 || status === 405) && !body.startsWith('{');
}
