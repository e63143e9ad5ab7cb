import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { TempFolder } from '../support/temp.ts';
import { runCli, runInProcess } from './run-cli.ts';

const folder = new TempFolder();
const taken = createServer();
after(() => {
  folder.remove();
  taken.close();
});
before(() => new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve)));

const takenPort = (): number => (taken.address() as { port: number }).port;
const binary = folder.write('binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff]).toString('latin1'));
const yaml = folder.write('bad.yaml', 'port: 99999\nprot: 1\n');
const broken = folder.write('broken.yaml', 'port: "80\n');
const link = folder.file('link.log');
symlinkSync(folder.file('elsewhere'), link);
mkdirSync(folder.file('folder'));
const listen = ['--host', '127.0.0.1', '--port', '0'];

interface Mistake {
  readonly name: string;
  readonly args: () => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: 1 | 2;
  readonly en: RegExp;
  readonly ru: RegExp;
}

const MISTAKES: readonly Mistake[] = [
  {
    name: 'an unknown flag',
    args: () => ['--prot', '80'],
    code: 2,
    en: /^--prot: unknown option; did you mean --port\?\nSee rpc-dart-router --help\n$/,
    ru: /^--prot: неизвестная опция; возможно, имелось в виду --port\?\nСправка: rpc-dart-router --help\n$/,
  },
  {
    name: 'an unknown variable',
    args: () => [],
    env: { ROUTER_PROT: '80' },
    code: 2,
    en: /^ROUTER_PROT: unknown variable; did you mean ROUTER_PORT\?\n/,
    ru: /^ROUTER_PROT: неизвестная переменная; возможно, имелось в виду ROUTER_PORT\?\n/,
  },
  {
    name: 'two commands',
    args: () => ['--check-config', '--daemon-stop'],
    code: 2,
    en: /^--daemon-stop, --check-config: give one command at a time\n$/,
    ru: /^--daemon-stop, --check-config: укажите одну команду\n$/,
  },
  {
    name: 'a file with mistakes',
    args: () => ['-c', yaml],
    code: 2,
    en: /bad\.yaml:1: port must be 1\.\.65535, got 99999\n.*bad\.yaml:2: unknown key prot; did you mean port\?\n/,
    ru: /bad\.yaml:1: port: нужно 1\.\.65535, указано 99999\n.*bad\.yaml:2: неизвестный ключ prot; возможно/,
  },
  {
    name: 'a file that is no YAML',
    args: () => ['-c', broken],
    code: 2,
    en: /broken\.yaml:2: Missing closing "quote\n/,
    ru: /broken\.yaml:2: ошибка YAML: /,
  },
  {
    name: 'a file that is not there',
    args: () => ['-c', folder.file('none.yaml')],
    code: 2,
    en: /none\.yaml: cannot be read: ENOENT/,
    ru: /none\.yaml: не читается: нет такого файла/,
  },
  {
    name: 'a folder as file',
    args: () => ['-c', folder.path],
    code: 2,
    en: /cannot be read: EISDIR/,
    ru: /не читается: это папка, а нужен файл/,
  },
  {
    name: 'a binary file',
    args: () => ['-c', binary],
    code: 2,
    en: /binary: is not a text file in UTF-8\n/,
    ru: /binary: не текстовый файл в UTF-8\n/,
  },
  {
    name: 'a folder of tokens',
    args: () => [...listen, '--auth-tokens-file', folder.path],
    code: 2,
    en: /: cannot be read: EISDIR/,
    ru: /: не читается: это папка/,
  },
  {
    name: 'a binary certificate',
    args: () => [...listen, '--tls-cert', binary, '--tls-key', binary],
    code: 2,
    en: /binary: not a certificate in PEM format\n$/,
    ru: /binary: это не сертификат в формате PEM\n$/,
  },
  {
    name: 'a log file that is a folder',
    args: () => [...listen, '--log-file', folder.path],
    code: 2,
    en: /: cannot be opened for writing: EISDIR/,
    ru: /: не открывается для записи: это папка/,
  },
  {
    name: 'a log file that is a symbolic link',
    args: () => [...listen, '--log-file', link],
    code: 2,
    en: /link\.log: is a symbolic link; refused/,
    ru: /link\.log: символическая ссылка; отказано/,
  },
  {
    name: 'a port that is taken',
    args: () => ['--host', '127.0.0.1', '--port', `${takenPort()}`, '-l', 'none'],
    code: 1,
    en: /^Cannot listen on 127\.0\.0\.1:\d+: the port is in use; stop the other program or choose another port\n$/,
    ru: /^Не удалось открыть 127\.0\.0\.1:\d+: порт занят; остановите другую программу или выберите другой порт\n$/,
  },
  {
    name: 'a metrics port that is taken',
    args: () => [...listen, '-m', '--metrics-port', `${takenPort()}`, '-l', 'none'],
    code: 1,
    en: /^Cannot listen on 127\.0\.0\.1:\d+: the port is in use/,
    ru: /^Не удалось открыть 127\.0\.0\.1:\d+: порт занят/,
  },
  {
    name: 'an address of another machine',
    args: () => ['--host', '192.0.2.1', '--port', '0', '-l', 'none'],
    code: 1,
    en: /^Cannot listen on 192\.0\.2\.1:0: this machine has no such address\n$/,
    ru: /^Не удалось открыть 192\.0\.2\.1:0: у этой машины нет такого адреса\n$/,
  },
  {
    name: 'a pid file that is a folder',
    args: () => [
      ...listen,
      '--control-socket',
      folder.file('c.sock'),
      '--pid-file',
      folder.file('folder'),
      '-l',
      'none',
    ],
    code: 1,
    en: /folder: is not a regular file; remove it or choose another --pid-file\n$/,
    ru: /folder: это не обычный файл; удалите его или выберите другой --pid-file\n$/,
  },
  {
    name: 'a pid file in no folder',
    args: () => [
      ...listen,
      '--control-socket',
      folder.file('c.sock'),
      '--pid-file',
      folder.file('no/pid'),
      '-l',
      'none',
    ],
    code: 1,
    en: /no\/pid: the folder .*\/no is not usable: ENOENT.*; create it or choose another --pid-file\n$/,
    ru: /no\/pid: папка .*\/no недоступна: нет такого файла или папки/,
  },
  {
    name: 'a control socket in no folder',
    args: () => [...listen, '--control-socket', folder.file('no/c.sock'), '-l', 'none'],
    code: 1,
    en: /^Cannot open the control socket .*no\/c\.sock: .*check that its folder is there and writable\n$/,
    ru: /^Не удалось открыть управляющий сокет .*no\/c\.sock: .*проверьте, что его папка есть/,
  },
  {
    name: 'a control socket that is none',
    args: () => [...listen, '--control-socket', yaml, '-l', 'none'],
    code: 1,
    en: /bad\.yaml: is not a socket; remove it or choose another --control-socket\n$/,
    ru: /bad\.yaml: это не сокет; удалите его или выберите другой --control-socket\n$/,
  },
];

for (const { name, args, env, code, en, ru } of MISTAKES) {
  test(`${name}: exit code ${code}, the problem on standard error, no stack trace`, async () => {
    const english = await runCli(args(), { env: { ...env } });
    const russian = await runInProcess(args(), { ...env, LANG: 'ru_RU.UTF-8' });
    for (const [result, expected] of [
      [english, en],
      [russian, ru],
    ] as const) {
      assert.match(result.stderr, expected);
      assert.equal(result.code, code);
      assert.equal(result.stdout, '');
      assert.doesNotMatch(result.stderr, /^\s+at |node:internal|Internal error/m);
    }
  });
}

test('an unreadable file: exit code 2', { skip: process.getuid?.() === 0 && 'root reads everything' }, async () => {
  const secret = folder.write('secret.yaml', 'port: 80\n');
  chmodSync(secret, 0o000);
  const { code, stderr } = await runCli(['-c', secret]);
  assert.equal(code, 2);
  assert.match(stderr, /secret\.yaml: cannot be read: EACCES/);
});
