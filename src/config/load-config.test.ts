import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { test } from 'node:test';
import { loadConfig } from './load-config.ts';
import { DEFAULT_CONFIG, type RouterConfig } from './options.ts';

type Files = Readonly<Record<string, string>>;

function load(line: string, env: Readonly<Record<string, string>> = {}, files: Files = {}) {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
    return text;
  };
  return loadConfig({ argv: line === '' ? [] : line.split(' '), env, readFile });
}

function configOf(...given: Parameters<typeof load>): RouterConfig {
  const loaded = load(...given);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(({ en }) => en).join('\n'));
  return loaded.config;
}

function problemsOf(...given: Parameters<typeof load>): string[] {
  const loaded = load(...given);
  assert.ok(!loaded.ok, 'it was expected to be refused');
  for (const { ru } of loaded.problems) assert.match(ru, /[а-яё]/, 'in Russian as well');
  return loaded.problems.map(({ en }) => en);
}

test('without anything: the defaults, frozen', () => {
  const config = configOf('');
  assert.deepEqual(config, DEFAULT_CONFIG);
  assert.ok(Object.isFrozen(config));
});

test('flags over environment over options file over file over defaults', () => {
  const files = {
    'c.yaml': 'max-groups: 1\nport: 1\nhost: file\nname: file\n',
    'o.json': '["--config=c.yaml","--port=3","--host=kept","--max-groups=3"]',
  };
  const env = { ROUTER_MAX_GROUPS: '2', ROUTER_HOST: 'environment' };
  const loaded = load('--max-groups 4 --options-file o.json', env, files);
  assert.ok(loaded.ok);
  const { maxGroups, host, port, name } = loaded.config;
  assert.deepEqual({ maxGroups, host, port, name }, { maxGroups: 4, host: 'kept', port: 3, name: 'file' });
  assert.equal(loaded.sources.get('max-groups'), '--max-groups');
  assert.equal(loaded.sources.get('name'), 'c.yaml:4');
  assert.equal(loaded.sources.get('max-message-bytes'), undefined);
});

test('environment over file; the file itself may be named in the environment', () => {
  const loaded = load('', { ROUTER_PORT: '2', ROUTER_CONFIG: 'c.yaml' }, { 'c.yaml': 'port: 1\nhost: a\n' });
  assert.ok(loaded.ok);
  assert.equal(loaded.config.port, 2);
  assert.equal(loaded.sources.get('port'), 'ROUTER_PORT');
  assert.equal(loaded.config.host, 'a');
  assert.equal(loaded.sources.get('host'), 'c.yaml:2');
});

test('a flag names another file than the environment', () => {
  const files = { 'a.yaml': 'port: 1\n', 'b.yaml': 'port: 2\n' };
  assert.equal(configOf('-c b.yaml', { ROUTER_CONFIG: 'a.yaml' }, files).port, 2);
});

test('every problem is told at once, with its place, those of a file in its order', () => {
  const file = 'prot: 1\nport: 99999\nhost: a\nhost: b\nwrite-deadline: soon\n';
  assert.deepEqual(
    problemsOf('-c c.yaml --metrics-port 0x1 --colour x', { ROUTER_STATS: 'perhaps' }, { 'c.yaml': file }),
    [
      'c.yaml:1: unknown key prot; did you mean port?',
      'c.yaml:2: port must be 1..65535, got 99999',
      'c.yaml:4: host is already given above',
      'c.yaml:5: write-deadline must be 50ms..24h, got soon',
      'ROUTER_STATS: stats must be true or false, got perhaps',
      '--colour: unknown option',
      '--metrics-port: metrics-port must be 1..65535, got 0x1',
    ],
  );
});

test('files that cannot be read', () => {
  assert.deepEqual(problemsOf('-c none.yaml'), ["none.yaml: cannot be read: ENOENT: no such file, open 'none.yaml'"]);
  const loaded = load('-c none.yaml');
  assert.ok(!loaded.ok);
  assert.equal(loaded.problems[0]?.ru, 'none.yaml: не читается: нет такого файла или папки (ENOENT)');
  assert.match(problemsOf('--options-file=none.json')[0] ?? '', /^none\.json: the options of this daemon are gone/);
  for (const text of ['{', '{}', '[1]', '"--port"']) {
    assert.deepEqual(problemsOf('--options-file o', {}, { o: text }), ['o: expected a JSON array of texts']);
  }
});

const CONTRADICTIONS: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['--tls-cert a', {}, '--tls-cert: needs --tls-key as well'],
  ['', { ROUTER_TLS_KEY: 'a' }, 'ROUTER_TLS_KEY: --tls-key needs --tls-cert as well'],
  ['--tls-client-ca a', {}, '--tls-client-ca: needs --tls-cert and --tls-key as well'],
  ['-vq', {}, '--verbose: contradicts --quiet'],
  ['-m --metrics-port 8080', {}, "--metrics-port: is the router's own port 8080; choose another"],
  ['-m --port 9090', {}, "--metrics-port: is the router's own port 9090; choose another"],
];

for (const [line, env, problem] of CONTRADICTIONS) {
  test(`contradiction: ${problem}`, () => assert.deepEqual(problemsOf(line, env), [problem]));
}

test('the same port is no contradiction without metrics, on another address, or when any will do', () => {
  assert.equal(configOf('--metrics-port 8080').metricsPort, 8080);
  assert.equal(configOf('-m --metrics-port 8080 --host 10.0.0.1').metricsPort, 8080);
  assert.equal(configOf('-m --metrics-port 0 --port 0').metricsPort, 0);
});

const FILE = {
  'c.yaml': 'log-level: warning\nverbose: true\n',
  'q.yaml': 'quiet: true\n',
  'l.yaml': 'log-level: info\n',
};
const LEVELS: readonly (readonly [string, Readonly<Record<string, string>>, string, string])[] = [
  ['-v', {}, 'debug', '--verbose'],
  ['-q', {}, 'error', '--quiet'],
  ['-v -l warning', {}, 'warning', '--log-level'],
  ['', { ROUTER_VERBOSE: '1' }, 'debug', 'ROUTER_VERBOSE'],
  ['-q', { ROUTER_LOG_LEVEL: 'debug' }, 'error', '--quiet'],
  ['-l none', { ROUTER_VERBOSE: '1' }, 'none', '--log-level'],
  ['-c c.yaml', {}, 'warning', 'c.yaml:1'],
  ['-c l.yaml -v', {}, 'debug', '--verbose'],
  ['-c q.yaml -v', {}, 'debug', '--verbose'],
  ['-c q.yaml', { ROUTER_VERBOSE: '1' }, 'debug', 'ROUTER_VERBOSE'],
  ['-q', { ROUTER_VERBOSE: '1' }, 'error', '--quiet'],
];

for (const [line, env, level, source] of LEVELS) {
  test(`level of ${line} ${JSON.stringify(env)}: ${level}, from ${source}`, () => {
    const loaded = load(line, env, FILE);
    assert.ok(loaded.ok);
    assert.equal(loaded.config.logLevel, level);
    assert.equal(loaded.sources.get('log-level'), source);
    assert.ok(!(loaded.config.verbose && loaded.config.quiet));
  });
}

test('a flag takes back what a file asks for', () => {
  assert.equal(configOf('-c q.yaml --no-quiet', {}, FILE).logLevel, DEFAULT_CONFIG.logLevel);
});

test('the language is known even when something else is wrong', () => {
  const loaded = load('--lang ru --port x');
  assert.ok(!loaded.ok);
  assert.equal(loaded.lang, 'ru');
});

test('relative paths start at --base-folder, whatever gives them; absolute ones, "-" and "~/" stay', () => {
  const files: Readonly<Record<string, string>> = {
    '/base/config.yaml': 'tls-cert: cert.pem\ntls-key: ../key.pem\n',
    '/kept.json': JSON.stringify(['--base-folder=/base', '--pid-file=/run/x.pid', '--log-file=-']),
  };
  const loaded = loadConfig({
    argv: ['--options-file=/kept.json'],
    env: { ROUTER_CONFIG: 'config.yaml', ROUTER_PORTS_FILE: 'ports.json', ROUTER_CONTROL_SOCKET: '~/x.sock' },
    readFile: (path) => files[path] ?? assert.fail(path),
  });
  assert.ok(loaded.ok);
  const { tlsCert, tlsKey, pidFile, logFile, portsFile, controlSocket } = loaded.config;
  assert.deepEqual([tlsCert, tlsKey, pidFile], ['/base/cert.pem', '/key.pem', '/run/x.pid']);
  assert.deepEqual([logFile, portsFile, controlSocket], ['-', '/base/ports.json', `${homedir()}/x.sock`]);
});
