import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnvironment, readFile, readFlags, type SourceValues } from './sources.ts';

/** `key=text @where` for each value, and the English problems. */
function shown({ values, problems }: SourceValues): { values: string[]; problems: string[] } {
  return {
    values: values.map(({ option, text, where }) => `${option.key}=${text} @${where}`),
    problems: problems.map(({ en }) => en),
  };
}

const FLAGS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['--port 80', ['port=80 @--port'], []],
  ['--port=80', ['port=80 @--port'], []],
  ['-p 80', ['port=80 @--port'], []],
  ['-p80', ['port=80 @--port'], []],
  ['-h :: -c x.yaml -l none', ['host=:: @--host', 'config=x.yaml @--config', 'log-level=none @--log-level'], []],
  ['-vqsm', ['verbose=true @--verbose', 'quiet=true @--quiet', 'stats=true @--stats', 'metrics=true @--metrics'], []],
  ['-d', ['daemon-start=true @--daemon-start'], []],
  ['--daemon', ['daemon-start=true @--daemon-start'], []],
  ['--no-health-check', ['health-check=false @--health-check'], []],
  ['--stats --no-stats', ['stats=false @--stats'], []],
  ['--stats=yes --metrics=off', ['stats=true @--stats', 'metrics=false @--metrics'], []],
  ['--stats false', ['stats=false @--stats'], []],
  ['--name 007', ['name=007 @--name'], []],
  ['--port', [], ['--port: needs a value']],
  ['--port= --host', [], ['--port: needs a value', '--host: needs a value']],
  ['--port 1 -p 2', [], ['--port: given 2 times']],
  ['--stats=maybe', [], ['--stats: stats must be true or false, got maybe']],
  ['--prot 80', [], ['--prot: unknown option; did you mean --port?']],
  ['--no-stat', [], ['--no-stat: unknown option; did you mean --no-stats?']],
  ['--no-port', [], ['--no-port: unknown option']],
  ['--maxConnections 5', [], ['--maxConnections: unknown option; did you mean --max-connections?']],
  ['--x.y 1 -z', [], ['--x.y: unknown option', '-z: unknown option']],
  ['--constructor 1 --toString', [], ['--constructor: unknown option', '--toString: unknown option']],
  ['start 80', [], ['start: unexpected; options start with --', '80: unexpected; options start with --']],
  ['-- --port 80', [], ['--port: unexpected; options start with --', '80: unexpected; options start with --']],
];

for (const [line, values, problems] of FLAGS) {
  test(`flags: ${line}`, () => assert.deepEqual(shown(readFlags(line.split(' '))), { values, problems }));
}

test('environment: reads every ROUTER_ variable and no other', () => {
  const given = readEnvironment({ PATH: '/bin', PORT: '1', ROUTER_PORT: '80', ROUTER_TLS_CERT: 'a b' });
  assert.deepEqual(shown(given).values, ['port=80 @ROUTER_PORT', 'tls-cert=a b @ROUTER_TLS_CERT']);
  assert.deepEqual(shown(readEnvironment({ ROUTER_PROT: '1', ROUTER_DAEMON_START: '1', ROUTER_X: undefined })), {
    values: [],
    problems: ['ROUTER_PROT: unknown variable; did you mean ROUTER_PORT?', 'ROUTER_DAEMON_START: unknown variable'],
  });
});

const NO_OPTION = 'f: contains no options; write {} if this is intended, or omit --config';

const FILES: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ['nothing', '', [], [NO_OPTION]],
  ['comments', '# port: 80\n\n', [], [NO_OPTION]],
  ['an empty document', '---\n', [], [NO_OPTION]],
  ['no option, explicitly', '{}\n', [], []],
  ['YAML', 'port: 80\n\nhost: "::"  # all\n', ['port=80 @f:1', 'host=:: @f:3'], []],
  ['JSON', '{\n  "port": 80,\n  "metrics": true\n}', ['port=80 @f:2', 'metrics=true @f:3'], []],
  ['Windows line ends', 'port: 80\r\nhost: a\r\n', ['port=80 @f:1', 'host=a @f:2'], []],
  ['a byte order mark', '\ufeffport: 80\n', ['port=80 @f:1'], []],
  ['values as they are written', 'name: 0x10\nhost: 1e3\n', ['name=0x10 @f:1', 'host=1e3 @f:2'], []],
  ['keys without a value', 'port:\nhost: null\nname: ~\n', [], []],
  ['an unknown key', 'port: 1\nprot: 2\n', ['port=1 @f:1'], ['f:2: unknown key prot; did you mean port?']],
  ['a command', 'help: true\n', [], ['f:1: help is only allowed on the command line, as --help']],
  ['another file', 'config: g\n', [], ['f:1: config is only allowed on the command line, as --config']],
  ['a list', 'host: [a, b]\n', [], ['f:1: host must be a single value']],
  ['a map', 'host:\n  name: a\n', [], ['f:1: host must be a single value']],
  ['a key twice', 'port: 1\nport: 2\n', ['port=1 @f:1'], ['f:2: port is already set above']],
  ['a list as a whole', '- port\n', [], ['f:1: expected "key: value" lines']],
  ['a text as a whole', 'port 80\n', [], ['f:1: expected "key: value" lines']],
  ['a binary file', 'port\0: 80', [], ['f: is not a text file in UTF-8']],
  ['two documents', 'port: 80\n---\nport: 81\n', [], ['f:2: a second YAML document starts here; remove this line']],
  ['a file that is too large', '# \n'.repeat(100_000), [], ['f: is larger than 256 KiB']],
  ['Latin-1', 'name: caf\ufffd', [], ['f: is not a text file in UTF-8']],
];

for (const [name, text, values, problems] of FILES) {
  test(`file: ${name}`, () => assert.deepEqual(shown(readFile('f', text)), { values, problems }));
}

test('file: checking stops after too many problems', () => {
  const text = Array.from({ length: 10_000 }, (_, n) => `unknown-${n}: 1\n`).join('');
  const { problems } = readFile('f', text);
  assert.equal(problems.length, 51);
  assert.equal(problems.at(-1)?.en, 'f:50: too many errors; the rest of the file was not checked');
});

for (const [text, line] of [
  ['port: 80\nhost: "a\n', 3],
  ['a: b: c\n', 1],
  ['port: 80\n\tx: 1\n', 2],
  ['{"port": 80,,}', 1],
] as const) {
  test(`file: YAML error in line ${line}: ${JSON.stringify(text)}`, () => {
    const { values, problems } = readFile('f', text);
    assert.deepEqual(values, []);
    assert.match(problems[0]?.en ?? '', new RegExp(`^f:${line}: .`));
    assert.match(problems[0]?.ru ?? '', new RegExp(`^f:${line}: ошибка YAML: `));
    assert.doesNotMatch(problems[0]?.en ?? '', /\n|at line/);
  });
}
