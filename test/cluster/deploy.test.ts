import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { DartClient } from '../support/dart-client.ts';
import { freePort, NatsServer, WITHOUT_NATS as skip } from '../support/nats-server.ts';
import { poll } from '../support/poll.ts';
import { ROOT } from '../support/program.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const MACHINES = [11, 12, 13];
const DOC = readFileSync(`${ROOT}docs/cluster.md`, 'utf8');

/** The commands of a numbered step of the documentation. */
function commandsOf(step: number): string {
  const [, commands] = new RegExp(`^${step}\\. [\\s\\S]*?\`\`\`bash\\n([\\s\\S]*?)\`\`\``, 'm').exec(DOC) ?? [];
  return commands ?? assert.fail(`step ${step} of docs/cluster.md has no commands`);
}

/** `deploy/cluster` with passwords, made by the commands of the documentation. */
function preparedFolder(parent: TempFolder): string {
  mkdirSync(parent.file('deploy'));
  cpSync(`${ROOT}deploy/cluster`, parent.file('deploy/cluster'), { recursive: true });
  execFileSync('bash', ['-e', '-c', commandsOf(1)], { cwd: parent.path, stdio: 'pipe' });
  return parent.file('my-cluster');
}

/** The text with the addresses of the three machines replaced by loopback addresses with free ports. */
class Loopback {
  private readonly ports = new Map<string, number>();

  static async create(): Promise<Loopback> {
    const loopback = new Loopback();
    for (const machine of MACHINES) {
      for (const port of [4222, 6222, 8222]) loopback.ports.set(`${machine}:${port}`, await freePort());
    }
    return loopback;
  }

  port(machine: number, port: number): number {
    return this.ports.get(`${machine}:${port}`) ?? assert.fail(`${machine}:${port}`);
  }

  on(machine: number, text: string): string {
    return text
      .replace(/\b10\.0\.0\.(\d+):(\d+)/g, (_, other, port) => `127.0.0.1:${this.port(Number(other), Number(port))}`)
      .replace(
        /\b(?:0\.0\.0\.0|127\.0\.0\.1):(4222|6222|8222)\b/g,
        (_, port) => `127.0.0.1:${this.port(machine, Number(port))}`,
      );
  }
}

async function startServer(folder: string, loopback: Loopback, machine: number): Promise<NatsServer> {
  const config = readFileSync(join(folder, 'nats-server.conf'), 'utf8');
  return NatsServer.start(loopback.on(machine, config), loopback.port(machine, 4222));
}

/** A router with `cluster.yaml`, without its other options. */
async function startRouter(folder: string, loopback: Loopback, machine: number): Promise<RouterProcess> {
  const own = new TempFolder();
  const yaml = readFileSync(join(folder, 'cluster.yaml'), 'utf8').replaceAll('/etc/rpc-dart-router', folder);
  const config = own.write('config.yaml', loopback.on(machine, yaml));
  return RouterProcess.start(['--config', config, '--no-metrics', '--cluster-node', `m${machine}`], { folder: own });
}

test('deploy/cluster: three machines with NATS; one of them may fail', { skip }, async () => {
  using parent = new TempFolder();
  const folder = preparedFolder(parent);
  const loopback = await Loopback.create();
  await using firstNats = await startServer(folder, loopback, 11);
  await using _secondNats = await startServer(folder, loopback, 12);
  await using _thirdNats = await startServer(folder, loopback, 13);
  await using first = await startRouter(folder, loopback, 11);
  await using second = await startRouter(folder, loopback, 12);
  await using third = await startRouter(folder, loopback, 13);
  for (const router of [first, second, third]) {
    await router.until(
      'the two others',
      ({ cluster }) => cluster?.nodes.filter(({ state }) => state === 'up').length === 2,
    );
  }
  const clients = await Promise.all([first, second, third].map(({ port }) => DartClient.join(port)));
  const [near, far, other] = clients as [DartClient, DartClient, DartClient];
  const sendsTo = async (from: DartClient, to: DartClient, n: number): Promise<void> => {
    from.unicast(to.id, { n });
    assert.deepEqual((await to.next(({ type }) => type === 'unicast')).message.payload, { n });
  };
  await sendsTo(near, far, 1);
  const from = first.log.length;
  await firstNats.kill();
  await first.logged(/Connected to NATS/, { from });
  await sendsTo(near, far, 2);
  first.signal('SIGKILL');
  await second.until('the dead router to be removed', ({ cluster }) => cluster?.nodes.length === 1);
  await sendsTo(far, other, 3);
  for (const client of clients) client.connection.destroy();
});

test('deploy/cluster: the user may use the subjects of the cluster only', { skip }, async () => {
  using parent = new TempFolder();
  const folder = preparedFolder(parent);
  const loopback = await Loopback.create();
  await using nats = await startServer(folder, loopback, 11);
  const [, user = '', pass = ''] = /^(.*):(.*)\n$/.exec(readFileSync(join(folder, 'nats-user'), 'utf8')) ?? [];
  assert.equal(user, 'router');
  assert.equal(pass.length, 48);
  await assert.rejects(connect({ servers: nats.url }), /authorization/i);
  await assert.rejects(connect({ servers: nats.url, user, pass: 'ROUTER-PASSWORD' }), /authorization/i);
  const connection = await connect({ servers: nats.url, user, pass });
  const refusals: string[] = [];
  const subscribe = (subject: string) =>
    connection.subscribe(subject, { callback: (error) => void (error && refusals.push(error.message)) });
  for (const subject of ['rpc-router.default.all', '>', 'rpc-router.*.all', '$SYS.>', '_INBOX.x']) subscribe(subject);
  await poll('the refusals', () => refusals.length === 4);
  assert.ok(
    refusals.every((message) => /permission/i.test(message)),
    refusals.join(),
  );
  await connection.close();
});

test('deploy/cluster: systemd accepts the drop-ins', {
  skip: spawnSync('systemd-analyze', ['--version']).status !== 0 && 'systemd-analyze is not installed',
}, () => {
  using folder = new TempFolder();
  for (const unit of ['nats-server', 'rpc-dart-router']) {
    folder.write(`${unit}.service`, `[Service]\nExecStart=/bin/true\n`, 0o644);
    mkdirSync(folder.file(`${unit}.service.d`));
    cpSync(`${ROOT}deploy/cluster/systemd/${unit}.conf`, folder.file(`${unit}.service.d/20-cluster.conf`));
    const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder.path}:` };
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', folder.file(`${unit}.service`)], {
      env,
      encoding: 'utf8',
    });
    const own = stderr.split('\n').filter((line) => line.includes(folder.path));
    assert.deepEqual([status, own], [0, []], stderr);
  }
});
