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
  assert.ok(!loaded.ok, 'expected problems');
  for (const { ru } of loaded.problems) assert.match(ru, /[а-яё]/, 'in Russian as well');
  return loaded.problems.map(({ en }) => en);
}

test('loadConfig: no input gives the frozen defaults', () => {
  const config = configOf('');
  assert.deepEqual(config, DEFAULT_CONFIG);
  assert.ok(Object.isFrozen(config));
});

test('loadConfig: precedence is flags, options file, environment, file, defaults', () => {
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

test('loadConfig: the environment overrides the file and may name it', () => {
  const loaded = load('', { ROUTER_PORT: '2', ROUTER_CONFIG: 'c.yaml' }, { 'c.yaml': 'port: 1\nhost: a\n' });
  assert.ok(loaded.ok);
  assert.equal(loaded.config.port, 2);
  assert.equal(loaded.sources.get('port'), 'ROUTER_PORT');
  assert.equal(loaded.config.host, 'a');
  assert.equal(loaded.sources.get('host'), 'c.yaml:2');
});

test('loadConfig: --config overrides ROUTER_CONFIG', () => {
  const files = { 'a.yaml': 'port: 1\n', 'b.yaml': 'port: 2\n' };
  assert.equal(configOf('-c b.yaml', { ROUTER_CONFIG: 'a.yaml' }, files).port, 2);
});

test('loadConfig: reports all problems with their source, those of a file by line', () => {
  const file = 'prot: 1\nport: 99999\nhost: a\nhost: b\nwrite-deadline: soon\n';
  assert.deepEqual(
    problemsOf('-c c.yaml --metrics-port 0x1 --colour x', { ROUTER_STATS: 'perhaps' }, { 'c.yaml': file }),
    [
      'c.yaml:1: unknown key prot; did you mean port?',
      'c.yaml:2: port must be 1..65535, got 99999',
      'c.yaml:4: host is already set above',
      'c.yaml:5: write-deadline must be 50ms..24h, got soon',
      'ROUTER_STATS: stats must be true or false, got perhaps',
      '--colour: unknown option',
      '--metrics-port: metrics-port must be 1..65535, got 0x1',
    ],
  );
});

test('loadConfig: reports unreadable files', () => {
  assert.deepEqual(problemsOf('-c none.yaml'), ["none.yaml: cannot be read: ENOENT: no such file, open 'none.yaml'"]);
  const loaded = load('-c none.yaml');
  assert.ok(!loaded.ok);
  assert.equal(loaded.problems[0]?.ru, 'none.yaml: не читается: нет такого файла или папки (ENOENT)');
  assert.match(
    problemsOf('--options-file=none.json')[0] ?? '',
    /^none\.json: the saved options of this daemon no longer exist/,
  );
  for (const text of ['{', '{}', '[1]', '"--port"']) {
    assert.deepEqual(problemsOf('--options-file o', {}, { o: text }), ['o: expected a JSON array of strings']);
  }
});

const CONTRADICTIONS: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['--tls-cert a', {}, '--tls-cert: requires --tls-key'],
  ['', { ROUTER_TLS_KEY: 'a' }, 'ROUTER_TLS_KEY: --tls-key requires --tls-cert'],
  ['--tls-client-ca a', {}, '--tls-client-ca: requires --tls-cert and --tls-key'],
  ['-vq', {}, '--verbose: conflicts with --quiet'],
  ['-m --metrics-port 8080', {}, '--metrics-port: equals the router port 8080; choose another'],
  ['-m --port 9090', {}, '--metrics-port: equals the router port 9090; choose another'],
  ['--cluster-node a', {}, '--cluster-node: requires --cluster'],
  ['--daemon-start --rolling', {}, '--rolling: requires --daemon-restart'],
  [
    '--workers auto --no-node-internals',
    {},
    '--workers: needs undocumented parts of Node.js: remove --no-node-internals, or use --workers 1',
  ],
];

for (const [line, env, problem] of CONTRADICTIONS) {
  test(`loadConfig: conflicting options: ${problem}`, () => assert.deepEqual(problemsOf(line, env), [problem]));
}

test('loadConfig: equal ports are allowed without metrics, on another address, or as port 0', () => {
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
  test(`log level: ${line} ${JSON.stringify(env)} gives ${level} from ${source}`, () => {
    const loaded = load(line, env, FILE);
    assert.ok(loaded.ok);
    assert.equal(loaded.config.logLevel, level);
    assert.equal(loaded.sources.get('log-level'), source);
    assert.ok(!(loaded.config.verbose && loaded.config.quiet));
  });
}

test('log level: --no-quiet overrides quiet in the file', () => {
  assert.equal(configOf('-c q.yaml --no-quiet', {}, FILE).logLevel, DEFAULT_CONFIG.logLevel);
});

test('loadConfig: the language is available despite problems', () => {
  const loaded = load('--lang ru --port x');
  assert.ok(!loaded.ok);
  assert.equal(loaded.lang, 'ru');
});

test('loadConfig: --base-folder resolves relative paths of every source; absolute paths, "-" and "~/" are kept', () => {
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
