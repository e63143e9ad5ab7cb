import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { TestCa } from '../../test/support/certs.ts';
import { TempFolder } from '../../test/support/temp.ts';
import { loadTls, type TlsFiles, type TlsMaterial } from './tls.ts';

const folder = new TempFolder();
after(() => folder.remove());
const ca = new TestCa(folder);
const server = ca.issue('server');
const garbage = folder.write('garbage.pem', 'this is no PEM\n');

function load(files: Partial<TlsFiles>, now = Date.now()): TlsMaterial | null {
  const { certFile: tlsCert, keyFile: tlsKey } = server;
  return loadTls({ tlsCert, tlsKey, tlsClientCa: null, ...files }, (path) => readFileSync(path), now);
}

test('loadTls: returns a matching pair and its expiry', () => {
  const material = load({ tlsClientCa: ca.certFile });
  assert.ok(material !== null);
  assert.deepEqual(material.cert, server.cert);
  assert.deepEqual(material.key, server.key);
  assert.deepEqual(material.clientCa, ca.cert);
  const daysLeft = (material.expiresAt - Date.now()) / 86_400_000;
  assert.ok(daysLeft > 1.9 && daysLeft < 2.1, `${daysLeft}`);
});

test('loadTls: null without a certificate', () => {
  assert.equal(load({ tlsCert: null, tlsKey: null }), null);
});

const REFUSED: readonly (readonly [string, Partial<TlsFiles>, RegExp])[] = [
  ['a certificate that is not there', { tlsCert: folder.file('none.pem') }, /none\.pem: cannot be read: ENOENT/],
  ['a folder', { tlsCert: folder.path }, /cannot be read: EISDIR/],
  ['no PEM as certificate', { tlsCert: garbage }, /garbage\.pem: not a certificate in PEM format/],
  ['no PEM as key', { tlsKey: garbage }, /garbage\.pem: not a private key in PEM format/],
  ['no PEM as authority', { tlsClientCa: garbage }, /garbage\.pem: not a certificate in PEM format/],
  ['a key as certificate', { tlsCert: server.keyFile }, /server\.key: not a certificate/],
  ['a certificate as key', { tlsKey: server.certFile }, /server\.pem: not a private key/],
  ['an expired one', { tlsCert: ca.issueExpired('expired').certFile }, /expired\.pem: expired on Jan/],
  ['a key of another certificate', { tlsKey: ca.issue('other').keyFile }, /other\.key: not the key of .*server\.pem/],
];

for (const [name, files, expected] of REFUSED) {
  test(`loadTls: ${name} is refused with file and cause`, () => {
    assert.throws(() => load(files), expected);
  });
}

for (const [form, args] of [
  ['PKCS#8', ['pkcs8', '-topk8', '-v2', 'aes-256-cbc']],
  ['the traditional form', ['ec', '-aes256']],
] as const) {
  test(`loadTls: a key with a passphrase, in ${form}: the error names the fix`, () => {
    const tlsKey = folder.file(`${args[0]}.key`);
    execFileSync('openssl', [...args, '-in', server.keyFile, '-out', tlsKey, '-passout', 'pass:secret'], {
      stdio: 'pipe',
    });
    assert.throws(() => load({ tlsKey }), /\.key: protected by a passphrase.*openssl pkey -in .*\.key -out plain\.key/);
  });
}

test('loadTls: refuses a certificate that is not valid yet', () => {
  assert.throws(() => load({}, Date.now() - 86_400_000), /server\.pem: not valid before/);
});
