import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { loadConfig } from '../config/index.ts';
import {
  changedKeys,
  isSupervisorOption,
  mergeOptions,
  optionsFile,
  optionsToSave,
  readOptions,
  removeOptions,
  writeOptions,
} from './options-file.ts';

test('optionsToSave: normalizes options, omits commands and command-only options', () => {
  const argv = ['-d', '-p', '80', '--host=::1', '-vs', '--no-health-check', '--json', '--lines', '5', '--lang', 'ru'];
  assert.deepEqual(optionsToSave([...argv, '--name', 'x', '--max-memory', '1G'], '/'), [
    ...['--port=80', '--host=::1', '--verbose=true', '--stats=true', '--health-check=false', '--max-memory=1G'],
  ]);
});

test('optionsToSave: relative paths are resolved against the folder of the caller', () => {
  const argv = ['--config', 'router.yaml', '--tls-cert=../c.pem', '--pid-file', '/run/x.pid', '--log-file=-'];
  assert.deepEqual(optionsToSave(argv, '/home/me'), [
    ...['--config=/home/me/router.yaml', '--tls-cert=/home/c.pem', '--pid-file=/run/x.pid', '--log-file=-'],
  ]);
});

test('optionsToSave: saved options give the same configuration', () => {
  const readFile = (): string => '{}';
  for (const argv of [
    ['-p', '80', '--host', 'a-b', '--client-timeout', '1.5m', '--max-message-bytes=1MiB', '-q'],
    ['--no-health-check', '--log-format=json', '--config', '/with space/and=sign.yaml'],
  ]) {
    const direct = loadConfig({ argv, env: {}, readFile });
    const saved = loadConfig({ argv: optionsToSave(argv, '/'), env: {}, readFile });
    assert.ok(direct.ok && saved.ok);
    assert.deepEqual(saved.config, direct.config);
  }
});

test('mergeOptions: given options override saved ones; verbose and quiet replace each other', () => {
  assert.deepEqual(mergeOptions(['--port=1', '--quiet=true', '--stats=true'], ['--port=2', '--verbose=true']), [
    ...['--stats=true', '--port=2', '--verbose=true'],
  ]);
  assert.deepEqual(changedKeys(['--port=1', '--stats=true'], ['--port=2', '--stats=true', '--host=x']), [
    'port',
    'host',
  ]);
});

test('isSupervisorOption: options that a reload cannot change', () => {
  for (const key of ['max-memory', 'log-file', 'log-max-size', 'pid-file']) assert.equal(isSupervisorOption(key), true);
  for (const key of ['port', 'max-connections', 'log-level']) assert.equal(isSupervisorOption(key), false);
});

test('writeOptions: mode 600, a path within the state folder', () => {
  using folder = new TempFolder();
  const env = { PM2_HOME: folder.path };
  const name = '../../evil name';
  writeOptions(env, name, ['--port=1']);
  const path = optionsFile(env, name);
  assert.equal(path, folder.file('rpc-dart-router/.._.._evil_name.json'));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readOptions(env, name), ['--port=1']);
  removeOptions(env, name);
  assert.equal(readOptions(env, name), null);
});
