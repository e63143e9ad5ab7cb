// A service that answers requests, and a caller of it.
//   node examples/service.mjs                      the service, a member of the group "calculator"
//   node examples/service.mjs --call 2,3,5         finds the service and requests the sum
import { parseArgs } from 'node:util';
import { connect } from 'rpc-dart-router-client';

const { values } = parseArgs({
  options: { url: { type: 'string', default: 'http://127.0.0.1:8080' }, call: { type: 'string' } },
});
const GROUP = 'calculator';

/** The returned map is the response; a thrown error is passed to the caller. */
function add({ payload }) {
  const { numbers } = payload;
  if (!Array.isArray(numbers) || numbers.some((number) => !Number.isFinite(number))) {
    throw new Error('numbers must be a list of numbers');
  }
  return { sum: numbers.reduce((sum, number) => sum + number, 0) };
}

async function serve() {
  const client = await connect(values.url, { name: 'calculator', groups: [GROUP] });
  client.onRequest(add);
  client.on('state', ({ state, reason }) => console.log(reason === null ? state : `${state}: ${reason.message}`));
  console.log(`Serving as ${client.id}. Ctrl-C ends the service.`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => client.close());
}

async function call(numbers) {
  const client = await connect(values.url, { name: 'caller' });
  try {
    const [service] = await client.clients({ groups: [GROUP] });
    if (service === undefined) throw new Error('no service is connected: start one with node examples/service.mjs');
    const { sum } = await client.request(service.clientId, { numbers }, { timeoutMs: 5000 });
    console.log(`The sum is ${sum}`);
  } finally {
    await client.close();
  }
}

try {
  if (values.call === undefined) await serve();
  else await call(values.call.split(',').map(Number));
} catch (error) {
  console.error(`${error.code ?? 'error'}: ${error.message}`);
  process.exitCode = 1;
}
