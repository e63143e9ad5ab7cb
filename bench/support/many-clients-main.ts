/** A process with many clients, so that their cost does not disturb the measuring process. Driven by messages of its parent. */
import type { ClientFraming } from '../../test/support/framing.ts';
import { connectClients, type Protocol, type RouterClient } from './servers.ts';

export interface ManyClientsCommand {
  readonly action: 'connect' | 'close' | 'churn';
  readonly count: number;
  /** Number of clients that connect concurrently. */
  readonly atOnce?: number;
}

/** Open clients during a churn. */
const CHURN_BATCH = 500;
/** Group of all clients that stay connected. */
const CLIENT_GROUP = 'many-clients';

const port = Number(process.argv[2]);
const framing = Number(process.argv[3]) as ClientFraming;
const protocol = process.argv[4] as Protocol;
const clients: RouterClient[] = [];

function complain(reason: string): void {
  process.stderr.write(`One of the many clients lost its connection: ${reason}\n`);
}

async function connectMore(count: number, atOnce: number | undefined): Promise<void> {
  const options = { protocol, groups: [CLIENT_GROUP], ...(atOnce === undefined ? {} : { atOnce }) };
  for (const connected of await connectClients(port, framing, count, options)) {
    connected.client.onLost = complain;
    clients.push(connected);
  }
}

async function run({ action, count, atOnce }: ManyClientsCommand): Promise<void> {
  if (action === 'connect') await connectMore(count, atOnce);
  else if (action === 'close') for (const { client } of clients.splice(-count)) client.close();
  else {
    for (let left = count; left > 0; left -= CHURN_BATCH) {
      const batch = await connectClients(port, framing, Math.min(left, CHURN_BATCH), { protocol });
      for (const { client } of batch) client.close();
    }
  }
}

process.on('message', (command: ManyClientsCommand) => {
  run(command).then(
    () => process.send?.({ done: true }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit());
