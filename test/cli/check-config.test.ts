import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isFileKey, OPTIONS, type Option } from '../../src/config/index.ts';
import { TestCa } from '../support/certs.ts';
import { TempFolder } from '../support/temp.ts';
import { runCli } from './run-cli.ts';

const folder = new TempFolder();
after(() => folder.remove());

/** `key -> [value, source]` of the output. */
function valuesIn(printed: string): Map<string, [string, string]> {
  const lines = printed.matchAll(/^([\w-]+): (.*?)\s+# (.*)$/gm);
  return new Map([...lines].map(([, key, value, source]) => [`${key}`, [`${value}`, `${source}`]]));
}

test('--check-config: prints the effective configuration with the source of each value', async () => {
  const file = folder.write('a.yaml', 'port: 81\nmax-message-bytes: 1048576\nname: "a: b"\n');
  const { code, stdout, stderr } = await runCli(['--check-config', '-c', file, '-v', '--host', '127.0.0.1'], {
    env: { ROUTER_WRITE_DEADLINE: '90' },
  });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  const values = valuesIn(stdout);
  assert.deepEqual(values.get('port'), ['81', `${file}:1`]);
  assert.deepEqual(values.get('max-message-bytes'), ['1MiB', `${file}:2`]);
  assert.deepEqual(values.get('name'), ['"a: b"', `${file}:3`]);
  assert.deepEqual(values.get('host'), ['127.0.0.1', '--host']);
  assert.deepEqual(values.get('write-deadline'), ['90s', 'ROUTER_WRITE_DEADLINE']);
  assert.deepEqual(values.get('log-level'), ['debug', '--verbose']);
  assert.deepEqual(values.get('max-groups'), ['64', 'default']);
  const expected = (OPTIONS as readonly Option[]).filter((option) => isFileKey(option) && option.hidden !== true);
  assert.deepEqual([...values.keys()].toSorted(), expected.map(({ key }) => key).toSorted());
});

test('--check-config: the output is a configuration file with the same meaning', async () => {
  const ca = new TestCa(folder);
  const { certFile, keyFile } = ca.issue('server');
  const tokens = folder.write('tokens', 'alice: s3cret\n');
  const given = ['--tls-cert', certFile, '--tls-key', keyFile, '--auth-tokens-file', tokens, '--host=::', '-qs'];
  const first = await runCli(['--check-config', ...given, '--max-memory=1G', '--client-timeout=1500ms']);
  assert.equal(first.code, 0);
  const second = await runCli(['--check-config', '-c', folder.write('printed.yaml', first.stdout)]);
  assert.equal(second.stderr, '');
  assert.equal(second.code, 0);
  const only = (printed: string) => [...valuesIn(printed)].map(([key, [value]]) => [key, value]);
  assert.deepEqual(only(second.stdout), only(first.stdout));
  assert.ok(!first.stdout.includes('s3cret'));
});

test('--check-config: prints the start warnings in the chosen language', async () => {
  const english = await runCli(['--check-config']);
  assert.match(english.stdout, /^# Listening on 0\.0\.0\.0 without TLS/m);
  assert.match(english.stdout, /^# Configuration is valid$/m);
  const russian = await runCli(['--check-config', '--lang=ru']);
  assert.match(russian.stdout, /^# Адрес 0\.0\.0\.0 открыт без TLS/m);
  assert.match(russian.stdout, /^# Конфигурация верна$/m);
});

test('--check-config: reads the referenced files', async () => {
  const file = folder.write('tls.yaml', 'tls-cert: /nowhere/cert.pem\ntls-key: /nowhere/key.pem\n');
  const tokens = folder.write('bad-tokens', 'alice\n', 0o644);
  const access = folder.write('access.yaml', 'roles: { r: { allow: [sned] } }\n');
  const files = ['--auth-tokens-file', tokens, '--access-file', access];
  const { code, stdout, stderr } = await runCli(['--check-config', '-c', file, ...files]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    "/nowhere/cert.pem: cannot be read: ENOENT: no such file or directory, open '/nowhere/cert.pem'",
    `${tokens}: readable by others (mode 644); run: chmod 640 ${tokens}`,
    `${tokens}:1: expected "name: token"`,
    `${access}:1: unknown permission sned; did you mean send?`,
  ]);
});
