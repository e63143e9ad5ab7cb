import assert from 'node:assert/strict';
import { chmodSync, symlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { TestCa } from '../../test/support/certs.ts';
import { TempFolder } from '../../test/support/temp.ts';
import { DEFAULT_CONFIG, type RouterConfig } from '../config/index.ts';
import { loadSecurity } from './security-files.ts';

const folder = new TempFolder();
after(() => folder.remove());
const ca = new TestCa(folder);
const { certFile: tlsCert, keyFile: tlsKey } = ca.issue('server');
const authTokensFile = folder.write('tokens', 'alice: a-token-of-thirty-characters\n');
const all = { tlsCert, tlsKey, tlsClientCa: ca.certFile, authTokensFile };

function problemsOf(change: Partial<RouterConfig>): string[] {
  const loaded = loadSecurity({ ...DEFAULT_CONFIG, ...change });
  return loaded.ok ? [] : loaded.problems.map(({ en }) => en);
}

function warningsOf(change: Partial<RouterConfig>): string[] {
  const loaded = loadSecurity({ ...DEFAULT_CONFIG, ...change });
  assert.ok(loaded.ok, 'open TLS files are no mistake');
  return loaded.files.warnings.map(({ en }) => en);
}

/** Loads while a file has another mode. */
function withMode(path: string, mode: number, change: Partial<RouterConfig>, load = problemsOf): string[] {
  chmodSync(path, mode);
  try {
    return load(change);
  } finally {
    chmodSync(path, 0o600);
  }
}

for (const [name, path, verdict, load] of [
  ['tokens', authTokensFile, 'refused', problemsOf],
  ['key', tlsKey, 'warned of', warningsOf],
] as const) {
  for (const mode of [0o604, 0o602, 0o601, 0o644, 0o777]) {
    test(`${name} with mode ${mode.toString(8)} is ${verdict}`, () => {
      const command = `readable by others (mode ${mode.toString(8)}); run: chmod 640 ${path}`;
      assert.deepEqual(withMode(path, mode, all, load), [`${path}: ${command}`]);
    });
  }
  for (const mode of [0o600, 0o640, 0o400, 0o660]) {
    test(`${name} with mode ${mode.toString(8)} is fine`, () => {
      assert.deepEqual(withMode(path, mode, all, load), []);
    });
  }
}

test('certificates: may be readable by others but not writable', () => {
  for (const path of [tlsCert, ca.certFile]) {
    assert.deepEqual(withMode(path, 0o644, all, warningsOf), []);
    assert.deepEqual(withMode(path, 0o646, all, warningsOf), [
      `${path}: writable by others (mode 646); run: chmod o-w ${path}`,
    ]);
  }
});

test('a symbolic link: its target counts', () => {
  const [key, tokens] = [folder.file('live.key'), folder.file('live.tokens')];
  symlinkSync(tlsKey, key);
  symlinkSync(authTokensFile, tokens);
  const linked = { ...all, tlsKey: key, authTokensFile: tokens };
  assert.deepEqual(problemsOf(linked), []);
  assert.match(withMode(tlsKey, 0o644, linked, warningsOf).join(), /live\.key: readable by others \(mode 644\)/);
});

test('problems of all files: reported together', () => {
  const empty = folder.write('empty', '# none\n');
  const problems = withMode(tlsKey, 0o644, { ...all, authTokensFile: empty, tlsClientCa: '/nonexistent' });
  assert.equal(problems.length, 2, problems.join('\n'));
});

test('digests: distinguish contents under the same name', () => {
  const digest = (): string | undefined => {
    const loaded = loadSecurity({ ...DEFAULT_CONFIG, ...all });
    assert.ok(loaded.ok);
    assert.equal(loaded.files.digests.size, 4);
    return loaded.files.digests.get(authTokensFile);
  };
  const before = digest();
  assert.equal(digest(), before);
  folder.write('tokens', 'alice: other\n');
  assert.notEqual(digest(), before);
});

test('a weak token: a warning of --check-config, start and reload', () => {
  const short = folder.write('short', 'alice: s3cret\n');
  assert.match(warningsOf({ ...all, authTokensFile: short }).join(), /short:1: the token of alice is shorter than 16/);
});
