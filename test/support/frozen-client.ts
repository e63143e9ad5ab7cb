/** A client in a process of its own, to be stopped by a signal: joins, prints its id and goes on. */
import { DartClient } from './dart-client.ts';

async function main(): Promise<void> {
  const client = await DartClient.join(Number(process.argv[2]), { clientName: 'frozen' });
  process.stdout.write(`${client.id}\n`);
}

void main(); // a failure shows as an unhandled rejection, which ends the process
