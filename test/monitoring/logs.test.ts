import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { DartClient } from '../support/dart-client.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { violations } from './json-schema.ts';
import { MONITORING } from './prometheus.ts';

const readLog = (path: string): string => readFileSync(`${MONITORING}/logs/${path}`, 'utf8');
const schema = JSON.parse(readLog('log-schema.json'));
const LOG_FILE = '/var/log/rpc-dart-router/router.log';

type Line = Readonly<Record<string, unknown>>;

test('the schema check: finds errors', () => {
  const good = { time: '2026-11-24T02:43:21.789Z', level: 'info', msg: 'x' };
  assert.deepEqual(violations(schema, good), []);
  assert.deepEqual(violations(schema, { ...good, time: 'now' }), ['.time is now']);
  assert.deepEqual(violations(schema, { ...good, level: 'loud' }), ['.level is loud']);
  assert.deepEqual(violations(schema, { ...good, limit: '5' }), ['.limit is a string']);
  assert.deepEqual(violations(schema, { ...good, other: {} }), ['.other is a object']);
  assert.deepEqual(violations(schema, { time: good.time, level: 'info' }), ['.msg is missing']);
});

test('the log of a router that is used, misused, reloaded and stopped: every line matches the schema', async () => {
  using folder = new TempFolder();
  const config = folder.write('router.yaml', 'max-connections: 3\n');
  const tokens = folder.write('tokens', 'alice: secret-of-alice\n');
  const args = ['--log-format', 'json', '--log-level', 'debug', '--config', config, '--auth-tokens-file', tokens];
  await using router = await RouterProcess.start([...args, '--max-groups', '2'], { folder });
  await misuse(router);
  folder.write('router.yaml', 'max-connections: 4\n');
  await router.reload();
  folder.write('router.yaml', 'max-connections: 4\nmetrics: true\n');
  await router.reload();
  router.signal('SIGUSR1');
  await router.logged(/Statistics: process/);
  await router.stop();
  const lines = router.log.trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  for (const line of parsed) assert.deepEqual(violations(schema, line), [], JSON.stringify(line));
  const messages = new Set(parsed.map(({ msg }) => msg));
  for (const msg of EXPECTED) assert.ok(messages.has(msg), `no line says "${msg}"`);
  assert.deepEqual(
    ['debug', 'info', 'warning', 'error'].filter((level) => !parsed.some((line) => line.level === level)),
    [],
  );
});

/** Log messages that `misuse` and the other steps cause. */
const EXPECTED = [
  'Ready to accept connections',
  'Client registered',
  'Client disconnected',
  'Authentication failed',
  'Registration refused',
  'Connection refused',
  'Message',
  'max-connections: 3 -> 4',
  'Reload refused, the old configuration stays in force',
  'RPC Dart Router stopped',
];

/** Makes valid and invalid calls that the router logs. */
async function misuse(router: RouterProcess): Promise<void> {
  const headers = { authorization: 'Bearer secret-of-alice' };
  using stranger = await DartClient.connect(router.port);
  await stranger.tryRegister({ clientName: 'stranger' });
  using alice = await DartClient.join(router.port, { clientName: 'Alice "=\n\u0007' }, { headers });
  await alice.tryRegister({ clientName: 'x', groups: ['1', '2', '3'] });
  alice.unicast(alice.id, { hello: 1 });
  alice.unicast('client_nobody', { hello: 1 });
  await alice.next((message) => message.type === 'error');
  const excess = await Promise.all([
    RawConnection.open({ port: router.port }),
    RawConnection.open({ port: router.port }),
  ]);
  await router.logged(/Connection refused/);
  for (const connection of excess) connection.destroy();
  await alice.close();
  await router.logged(/Client disconnected/);
}

test('Loki: both collectors read that file and those fields; the rule has its section in the docs', () => {
  const known = new Set(Object.keys(schema.properties));
  const promtail = parse(readLog('loki/promtail.yml'));
  const [job] = promtail.scrape_configs;
  assert.equal(job.static_configs[0].labels.__path__, LOG_FILE);
  const fields = Object.keys(job.pipeline_stages[0].json.expressions);
  const alloy = readLog('loki/config.alloy');
  assert.ok(alloy.includes(`"${LOG_FILE}"`));
  const [, inAlloy = ''] = /expressions = \{ (.*) \}/.exec(alloy) ?? [];
  assert.deepEqual(
    inAlloy.split(', ').map((field) => field.split(' = ')[0]),
    fields,
  );
  assert.deepEqual(
    fields.filter((field) => !known.has(field)),
    [],
  );
  const [group] = parse(readLog('loki/rules.yml')).groups;
  assert.equal(group.rules[0].annotations.runbook_url, 'docs/troubleshooting.md#rpcroutererrorsinlog');
});

test('ELK: the template has a type for each field of the schema and matches the documents of Filebeat', () => {
  const filebeat = parse(readLog('elk/filebeat.yml'));
  const [input] = filebeat['filebeat.inputs'];
  assert.deepEqual(input.paths, [LOG_FILE]);
  assert.equal(input.parsers[0].ndjson.target, 'router');
  const template = JSON.parse(readLog('elk/index-template.json'));
  assert.ok(filebeat['output.elasticsearch'].index.startsWith(template.index_patterns[0].replace('*', '')));
  const { router, log } = template.template.mappings.properties;
  const moved = ['time', 'level', 'msg'];
  const expected = Object.keys(schema.properties).filter((field) => !moved.includes(field));
  assert.deepEqual(Object.keys(router.properties).sort(), expected.sort());
  for (const field of expected) {
    const isNumber = [schema.properties[field].type].flat().includes('number');
    assert.equal(router.properties[field].type, isNumber ? 'double' : 'keyword', field);
  }
  assert.equal(log.properties.level.type, 'keyword');
});
