import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { after, test } from 'node:test';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { type Identity, TestCa } from '../support/certs.ts';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const folder = new TempFolder();
after(() => folder.remove());
const ca = new TestCa(folder);
const server = ca.issue('server');
const tls = { ca: ca.cert };

const filesOf = (identity: Identity): string[] => ['--tls-cert', identity.certFile, '--tls-key', identity.keyFile];

/** The server certificate of a new connection. */
async function shownCertificate(port: number): Promise<PeerCertificate> {
  const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['h2'], ...tls });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

/** Registers, binds and receives its own message. */
async function assertWorks(client: DartClient): Promise<void> {
  await client.register({ clientName: 'secure' });
  await client.bind();
  client.unicast(client.id, { n: 1 });
  assert.equal((await client.p2p.ofType('unicast')).message.senderId, client.id);
}

test('TLS with ALPN h2, both framings, with and without an :authority', async (t) => {
  await using router = await RouterProcess.start(filesOf(server));
  for (const framing of [1, 2] as const) {
    for (const authority of ['router.example.org', '']) {
      await t.test(`framing ${framing}, authority "${authority}"`, async () => {
        using client = await DartClient.connect(router.port, { tls, framing, authority });
        assert.equal((client.connection.socket as TLSSocket).alpnProtocol, 'h2');
        await assertWorks(client);
      });
    }
  }

  await t.test('a message of a megabyte, in many TLS records', async () => {
    using client = await DartClient.join(router.port, {}, { tls });
    client.unicast(client.id, { blob: Buffer.alloc(1024 * 1024, 7) });
    assert.equal((await client.p2p.ofType('unicast')).body.length > 1024 * 1024, true);
  });

  await t.test('a connection that is cut is gone at once', async () => {
    using watcher = await DartClient.join(router.port, {}, { tls });
    const events = watcher.events();
    await events.ofType('routerStats');
    using client = await DartClient.join(router.port, {}, { tls });
    client.connection.destroy();
    await events.ofType('clientDisconnected', 1000);
    assert.equal(await watcher.canReach(client.id), false);
  });

  await t.test('a client that offers another protocol only, or speaks none, is refused and counted', async () => {
    await assert.rejects(RawConnection.open({ port: router.port, tls: { ...tls, ALPNProtocols: ['spdy/3'] } }));
    using plain = await RawConnection.open({ port: router.port });
    await within(plain.whenClosed, PATIENCE_MS, 'the cleartext connection to be closed');
    const { connections } = await router.until('both to be counted', (status) => {
      return (status.connections.refused.tlsError ?? 0) >= 2;
    });
    assert.equal(connections.refused.tlsError, 2);
    assert.match(router.log, /\[WARNING\] Connection refused reason=tlsError/);
  });
});

test('early requests: served during the handshake, also after vanished connections', async () => {
  await using router = await RouterProcess.start(filesOf(server));
  const visit = async (index: number): Promise<void> => {
    using client = await DartClient.connect(router.port, { tls, authority: index % 2 === 0 ? '' : 'router' });
    // the router sends its SETTINGS 5 ms after the handshake of a silent client
    await new Promise((resolve) => setTimeout(resolve, 3 + (index % 6)));
    if (index % 3 > 0) await client.register();
  };
  for (let round = 0; round < 25; round++)
    await Promise.all(Array.from({ length: 12 }, (_, i) => visit(12 * round + i)));
  const { clients } = await router.until('all clients to be removed', ({ connections }) => connections.current === 0);
  assert.equal(clients.total, 200);
});

test('mutual TLS: no certificate, a wrong one, an expired one, the right one', async (t) => {
  const clientCa = new TestCa(folder, 'client-ca');
  const strangers = new TestCa(folder, 'strangers');
  await using router = await RouterProcess.start([...filesOf(server), '--tls-client-ca', clientCa.certFile]);
  const refused: readonly (readonly [string, object])[] = [
    ['none', {}],
    ['one of another authority', strangers.issue('stranger')],
    ['an expired one', clientCa.issueExpired('late-client')],
  ];
  for (const [name, identity] of refused) {
    await t.test(`${name}: refused`, async () => {
      // with TLS 1.3 a client receives the refusal only after its own part of the handshake
      const served = RawConnection.open({ port: router.port, tls: { ...tls, ...identity } }).then(
        async (connection) => {
          await within(connection.whenClosed, PATIENCE_MS, 'the connection to be closed');
          return connection.frames.length;
        },
      );
      assert.equal(await served.catch(() => 0), 0, 'not a single HTTP/2 frame');
    });
  }
  await t.test('the right one: served', async () => {
    using client = await DartClient.connect(router.port, { tls: { ...tls, ...clientCa.issue('client') } });
    await assertWorks(client);
  });
  const status = await router.until('all clients to be removed', ({ connections }) => connections.current === 0);
  assert.equal(status.connections.refused.tlsError, refused.length);
});

test('unusable TLS files: the start is refused with exit code 2, file and cause', async () => {
  const other = ca.issue('other');
  const cases: readonly (readonly [string[], RegExp])[] = [
    [filesOf(ca.issueExpired('expired')), /expired\.pem: expired on .*2021/],
    [['--tls-cert', server.certFile, '--tls-key', other.keyFile], /other\.key: not the key of .*server\.pem/],
    [
      ['--tls-cert', folder.file('missing.pem'), '--tls-key', server.keyFile],
      /missing\.pem: cannot be read: .*no such file/,
    ],
  ];
  for (const [args, expected] of cases) {
    await using router = await RouterProcess.startFailing(args);
    assert.deepEqual(router.exit, { code: 2, signal: null });
    assert.match(router.log, expected);
    assert.doesNotMatch(router.log, /\n\s+at /, 'no stack trace');
  }
});

test('SIGHUP: new certificates apply to new connections; old connections stay; invalid files change nothing', async (t) => {
  const certFile = folder.file('live.pem');
  const keyFile = folder.file('live.key');
  const install = (identity: Identity): void => {
    copyFileSync(identity.certFile, certFile);
    copyFileSync(identity.keyFile, keyFile);
  };
  install(server);
  await using router = await RouterProcess.start([
    '--tls-cert',
    certFile,
    '--tls-key',
    keyFile,
    '--metrics',
    '--metrics-port',
    '0',
  ]);
  using old = await DartClient.join(router.port, {}, { tls });
  assert.equal((await shownCertificate(router.port)).subject.CN, 'server');

  await t.test('a new pair', async () => {
    install(ca.issue('renewed'));
    assert.notEqual((await router.reload()).outcome, 'refused');
    assert.equal((await shownCertificate(router.port)).subject.CN, 'renewed');
    assert.equal(await old.canReach(old.id), true);
    using fresh = await DartClient.join(router.port, {}, { tls });
    assert.equal(await old.canReach(fresh.id), true);
  });

  const bad: readonly (readonly [string, () => void, RegExp])[] = [
    ['expired', () => install(ca.issueExpired('late')), /live\.pem: expired on/],
    ['mismatched', () => copyFileSync(server.certFile, certFile), /live\.key: not the key of .*live\.pem/],
    ['cut off', () => writeFileSync(certFile, '-----BEGIN CERTIFICATE-----\nMIIB'), /live\.pem: not a certificate/],
  ];
  for (const [name, spoil, expected] of bad) {
    await t.test(`${name}: refused, the certificate before stays`, async () => {
      spoil();
      const { outcome, errors } = await router.reload();
      assert.equal(outcome, 'refused');
      assert.match(errors.join('\n'), expected);
      assert.equal((await shownCertificate(router.port)).subject.CN, 'renewed');
      assert.equal(await old.canReach(old.id), true);
    });
  }

  await t.test('mended: taken', async () => {
    install(server);
    chmodSync(keyFile, 0o600);
    assert.notEqual((await router.reload()).outcome, 'refused');
    assert.equal((await shownCertificate(router.port)).subject.CN, 'server');
  });
});

test('a new client CA: connected clients stay, new connections need the new CA', async () => {
  const first = new TestCa(folder, 'first-ca');
  const second = new TestCa(folder, 'second-ca');
  const caFile = folder.file('live-ca.pem');
  copyFileSync(first.certFile, caFile);
  await using router = await RouterProcess.start([...filesOf(server), '--tls-client-ca', caFile]);
  const byFirst = { ...tls, ...first.issue('by-first') };
  using old = await DartClient.join(router.port, {}, { tls: byFirst });
  copyFileSync(second.certFile, caFile);
  assert.notEqual((await router.reload()).outcome, 'refused');
  assert.equal(await old.canReach(old.id), true);
  await assert.rejects(DartClient.join(router.port, {}, { tls: byFirst }));
  using fresh = await DartClient.join(router.port, {}, { tls: { ...tls, ...second.issue('by-second') } });
  assert.equal(await fresh.canReach(old.id), true);
});

test('disabling TLS or enabling client certificates: needs a restart', async () => {
  const config = folder.write('tls.yaml', `tls-cert: ${server.certFile}\ntls-key: ${server.keyFile}\n`);
  await using router = await RouterProcess.start(['--config', config]);
  for (const text of [
    '{}\n',
    `tls-cert: ${server.certFile}\ntls-key: ${server.keyFile}\ntls-client-ca: ${ca.certFile}\n`,
  ]) {
    writeFileSync(config, text);
    const { outcome, errors } = await router.reload();
    assert.equal(outcome, 'refused');
    assert.match(errors.join('\n'), /tls-.*: cannot change without a restart/);
  }
  using client = await DartClient.connect(router.port, { tls });
  await assertWorks(client);
});

test('TLS 1.2: no renegotiation, also after a reload', async () => {
  await using router = await RouterProcess.start(filesOf(server));
  for (const round of ['start', 'reload']) {
    if (round === 'reload') await router.reload();
    const options = { ca: ca.cert, maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] } as const;
    const socket = connect({ host: '127.0.0.1', port: router.port, ...options });
    await once(socket, 'secureConnect');
    assert.equal(socket.getProtocol(), 'TLSv1.2');
    socket.resume();
    const refused = new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message)));
    const accepted = new Promise<string>((resolve) => {
      socket.renegotiate({}, (error) => resolve(error === null ? 'accepted' : error.message));
    });
    const outcome = await within(Promise.race([refused, accepted]), PATIENCE_MS, 'the answer');
    assert.match(outcome, /renegotiation/i, round);
    socket.destroy();
  }
  using client = await DartClient.connect(router.port, { tls });
  await assertWorks(client);
});

test('TLS errors: not counted for a connection without bytes; otherwise logged with the address', async () => {
  await using router = await RouterProcess.start(filesOf(server));
  for (const close of ['end', 'resetAndDestroy'] as const) {
    const probe = connectTcp(router.port, '127.0.0.1');
    await once(probe, 'connect');
    probe[close]();
    await within(once(probe, 'close'), PATIENCE_MS, 'the probe to be closed');
  }
  const bad = connectTcp(router.port, '127.0.0.1');
  await once(bad, 'connect');
  const { localPort } = bad;
  bad.write('\x16\x03\x01\x00\x02\x01\x00');
  bad.end();
  bad.resume();
  const { connections } = await router.until('all to be gone', (status) => {
    return (status.connections.refused.tlsError ?? 0) > 0 && status.connections.current === 0;
  });
  assert.equal(connections.refused.tlsError, 1);
  assert.match(router.log, new RegExp(`reason=tlsError remote=127.0.0.1:${localPort}`));
});
