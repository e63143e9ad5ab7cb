/** A client in a separate process, for tests that stop it by a signal: joins, prints its id and keeps running. */
import { DartClient } from './dart-client.ts';

async function main(): Promise<void> {
  const client = await DartClient.join(Number(process.argv[2]), { clientName: 'frozen' });
  process.stdout.write(`${client.id}\n`);
}

void main(); // a failure is an unhandled rejection, which ends the process
