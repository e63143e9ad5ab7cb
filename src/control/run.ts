import { parse, stringify } from 'lossless-json';
import { type CommandContext, EXIT, Progress } from '../cli/index.ts';
import { formatMs } from '../text/index.ts';
import { listClients } from './clients.ts';
import { CommandFailed, ControlledRouter } from './control-router.ts';
import { controlMessages } from './messages.ts';
import { problemOf, throwProblem } from './problems.ts';

/** Runs the operator command of the command line on the control socket; returns the exit code. */
export async function runControlCommand(context: CommandContext): Promise<number> {
  const { clients, disconnect, send } = context.config;
  try {
    if (clients) await listClients(context, await ControlledRouter.locate(context));
    else if (disconnect !== null) await disconnectClient(context, disconnect);
    else if (send !== null) await sendMessage(context, send);
    else await sendRequest(context, context.config.request ?? '');
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    context.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

async function disconnectClient(context: CommandContext, id: string): Promise<void> {
  const { config, lang, stdout } = context;
  const query = config.reason === null ? '' : `?${new URLSearchParams({ reason: config.reason })}`;
  const router = await ControlledRouter.locate(context);
  const response = await router.call({ method: 'DELETE', path: `/clients/${encodeURIComponent(id)}${query}` });
  if (response.status !== 204) throwProblem(lang, problemOf(response), id);
  stdout.write(`${controlMessages(lang)('disconnected', { id })}\n`);
}

async function sendMessage(context: CommandContext, target: string): Promise<void> {
  const { lang, stdout } = context;
  const payload = payloadOf(context, 'send', target);
  const body = `{"to":${JSON.stringify(targetOf(context, target))},"payload":${payload}}`;
  const router = await ControlledRouter.locate(context);
  const response = await router.call({ method: 'POST', path: '/messages', body });
  if (response.status !== 202) throwProblem(lang, problemOf(response), target);
  const { receivers } = JSON.parse(response.body) as { receivers: number };
  stdout.write(`${controlMessages(lang)('sent', { count: receivers })}\n`);
}

async function sendRequest(context: CommandContext, id: string): Promise<void> {
  const { lang, stdout, stderr, config } = context;
  const { timeoutMs } = config;
  const payload = payloadOf(context, 'request', id);
  const body = `{"to":${JSON.stringify(id)},"payload":${payload},"timeoutMs":${timeoutMs}}`;
  const router = await ControlledRouter.locate(context);
  const progress = new Progress(stderr);
  progress.show(controlMessages(lang)('waiting', { id }));
  const response = await router
    .call({ method: 'POST', path: '/requests', body }, timeoutMs)
    .finally(() => progress.end());
  if (response.status !== 200) throwProblem(lang, problemOf(response), id, formatMs(timeoutMs, lang));
  stdout.write(`${stringify((parse(response.body) as { payload: unknown }).payload, null, 2)}\n`);
}

function targetOf({ lang }: CommandContext, target: string): object {
  if (target === 'all') return { all: true };
  if (!target.startsWith('group:')) return { client: target };
  const group = target.slice('group:'.length);
  if (group === '') throw new CommandFailed(controlMessages(lang)('badTarget', { target }), EXIT.usage);
  return { group };
}

/** The JSON object after the target, as text: numbers pass as they were written. */
function payloadOf({ config, lang }: CommandContext, command: string, target: string): string {
  const { payload } = config;
  const t = controlMessages(lang);
  if (payload === null) throw new CommandFailed(t('noPayload', { command, target }), EXIT.usage);
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return payload;
  } catch {
    // not JSON: refused below
  }
  throw new CommandFailed(t('badPayload', { payload }), EXIT.usage);
}
