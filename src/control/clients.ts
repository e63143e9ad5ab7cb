import { parse, stringify } from 'lossless-json';
import { type CommandContext, Progress } from '../cli/index.ts';
import type { ControlledRouter } from './control-router.ts';
import { controlMessages } from './messages.ts';
import { problemOf, throwProblem } from './problems.ts';

const PAGE_CLIENTS = 1000;

interface ListedClient {
  readonly clientId: string;
  readonly clientName: string | null;
  readonly status: string;
  readonly groups: readonly string[];
  readonly address: string | null;
  readonly node: string | null;
}

/** `--clients`: prints all clients, or those of `--group`; a JSON array with `--json`. */
export async function listClients(context: CommandContext, router: ControlledRouter): Promise<void> {
  const { stdout, stderr, config, lang } = context;
  const t = controlMessages(lang);
  const progress = new Progress(stderr);
  const clients: ListedClient[] = [];
  let cursor: string | null = null;
  try {
    do {
      const page = await readPage(context, router, cursor);
      clients.push(...page.clients);
      cursor = page.next;
      progress.show(t('reading', { count: clients.length }));
    } while (cursor !== null);
  } finally {
    progress.end();
  }
  // numbers keep their text, so that 1.0 stays distinct from 1
  if (config.json) stdout.write(`${stringify(clients, null, 2)}\n`);
  else if (clients.length === 0) stdout.write(`${t('noClients')}\n`);
  else stdout.write(`${table(clients, lang).join('\n')}\n`);
}

async function readPage(
  context: CommandContext,
  router: ControlledRouter,
  cursor: string | null,
): Promise<{ clients: ListedClient[]; next: string | null }> {
  const { group } = context.config;
  const query = new URLSearchParams({ limit: String(PAGE_CLIENTS) });
  if (group !== null) query.set('group', group);
  if (cursor !== null) query.set('cursor', cursor);
  const response = await router.call({ method: 'GET', path: `/clients?${query}` });
  if (response.status !== 200) throwProblem(context.lang, problemOf(response), '');
  return parse(response.body) as { clients: ListedClient[]; next: string | null };
}

/** The clients as columns; texts of clients without control characters, which a terminal would obey. */
function table(clients: readonly ListedClient[], lang: CommandContext['lang']): string[] {
  const t = controlMessages(lang);
  const head = [t('id'), t('name'), t('status'), t('address'), t('groups')];
  const rows = clients.map(({ clientId, clientName, status, address, node, groups }) =>
    [clientId, clientName ?? '', status, address ?? node ?? '', groups.join(', ')].map(printable),
  );
  const widths = head.map((title, column) => Math.max(title.length, ...columnWidths(rows, column)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The widest cell only: as arguments of one call the cells of all clients would exceed the stack. */
function columnWidths(rows: readonly (readonly string[])[], column: number): [number] {
  return [rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0)];
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
