import { type CommandContext, type ControlResponse, EXIT } from '../cli/index.ts';
import { CommandFailed } from './control-router.ts';
import { controlMessages } from './messages.ts';

export interface Problem {
  readonly code: string;
  readonly detail: string;
}

export function problemOf({ body, status }: ControlResponse): Problem {
  try {
    const { code, detail } = JSON.parse(body) as Problem;
    return { code, detail };
  } catch {
    return { code: 'unknown', detail: `status ${status}` };
  }
}

const MESSAGES = {
  'not-found': ['notFound', EXIT.notFound],
  timeout: ['timeout', EXIT.noResponse],
  gone: ['gone', EXIT.noResponse],
  refused: ['refused', EXIT.failed],
} as const;

/** Throws the failure that `problem` means for a command about the client `id`; `time` is the time limit of a request. */
export function throwProblem(lang: CommandContext['lang'], { code, detail }: Problem, id: string, time = ''): never {
  const t = controlMessages(lang);
  const [key, exitCode] = Object.hasOwn(MESSAGES, code)
    ? MESSAGES[code as keyof typeof MESSAGES]
    : (['failed', EXIT.failed] as const);
  throw new CommandFailed(t(key, { id, detail, time }), exitCode);
}
