import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CONFIG, type LoadedConfig, type RouterConfig } from '../config/index.ts';
import { Reloader } from './reloader.ts';

interface Fixture {
  readonly reloader: Reloader;
  readonly logged: string[];
  /** Calls, in order. */
  readonly steps: string[];
  next: LoadedConfig;
}

const loaded = (change: Partial<RouterConfig>): LoadedConfig => ({
  ok: true,
  config: { ...DEFAULT_CONFIG, ...change },
  sources: new Map(),
});

const NO_FILES = {
  tls: null,
  tokens: null,
  accessFile: null,
  access: null,
  jwt: null,
  apiTokens: null,
  sessionKey: null,
  cluster: { access: { user: null, nkeySeed: null, credentials: null, tls: null }, secret: null },
  digests: new Map(),
  warnings: [],
};

function makeReloader(prepare: () => void = () => {}): Fixture {
  const [logged, steps]: [string[], string[]] = [[], []];
  const log = {
    info: (line: string) => logged.push(line),
    warning: (line: string) => logged.push(`? ${line}`),
    error: (line: string) => logged.push(`! ${line}`),
  };
  const fixture: Fixture = {
    logged,
    steps,
    next: loaded({}),
    reloader: new Reloader(DEFAULT_CONFIG, NO_FILES, {
      log,
      warnings: ({ maxGroups }) => (maxGroups === 1 ? [{ en: 'few', ru: 'мало' }] : []),
      load: () => fixture.next,
      prepare: () => {
        prepare();
        steps.push('prepared');
        return () => steps.push('finished');
      },
      apply: (next) => steps.push(`applied ${next.maxGroups}`),
    }),
  };
  return fixture;
}

test('before the first reload: no outcome', () => {
  const { reloader } = makeReloader();
  assert.deepEqual([reloader.state.count, reloader.state.outcome, reloader.state.lastAt], [0, 'none', null]);
});

test('a change: prepared, applied, finished, logged and recorded, in this order', () => {
  const fixture = makeReloader();
  const { configDigest } = fixture.reloader.state;
  fixture.next = loaded({ maxGroups: 7, writeDeadlineMs: 1500 });
  fixture.reloader.reload();
  assert.deepEqual(fixture.steps, ['prepared', 'applied 7', 'finished']);
  assert.deepEqual(fixture.logged, [
    'write-deadline: 10s -> 1500ms',
    'max-groups: 64 -> 7',
    'Configuration reloaded: 2 changed',
  ]);
  const { state, config } = fixture.reloader;
  assert.deepEqual([state.count, state.outcome, state.errors, config.maxGroups], [1, 'applied', [], 7]);
  assert.deepEqual(state.changes.at(-1), { key: 'max-groups', from: '64', to: '7' });
  assert.notEqual(state.configDigest, configDigest);
});

test('no changes: files are reopened nevertheless', () => {
  const fixture = makeReloader();
  fixture.reloader.reload();
  assert.deepEqual(fixture.steps, ['prepared', 'applied 64', 'finished']);
  assert.equal(fixture.reloader.state.outcome, 'unchanged');
});

test('an option that needs a restart: everything is refused, all such options are reported', () => {
  const fixture = makeReloader();
  fixture.next = loaded({ maxGroups: 7, port: 1234, host: '127.0.0.1' });
  fixture.reloader.reload();
  assert.deepEqual(fixture.steps, []);
  assert.deepEqual(fixture.reloader.state.errors, [
    'host: cannot change without a restart (0.0.0.0 -> 127.0.0.1)',
    'port: cannot change without a restart (8080 -> 1234)',
  ]);
  assert.equal(fixture.reloader.config, DEFAULT_CONFIG);
  assert.equal(fixture.logged[0], '! Reload refused, the old configuration stays in force');
});

test('unusable files: reported together with options that need a restart', () => {
  const fixture = makeReloader();
  fixture.next = loaded({ port: 1234, authTokensFile: '/nonexistent/tokens' });
  fixture.reloader.reload();
  const { errors, outcome } = fixture.reloader.state;
  assert.equal(outcome, 'refused');
  assert.match(errors[0] ?? '', /^port:/);
  assert.match(errors[1] ?? '', /^\/nonexistent\/tokens: cannot be read/);
  const { errorsRu } = fixture.reloader.state;
  assert.match(errorsRu[0] ?? '', /^port: нельзя изменить без перезапуска \(/);
  assert.match(errorsRu[1] ?? '', /^\/nonexistent\/tokens: не читается: нет такого файла/);
});

test('a failed preparation: the reload is refused before any change', () => {
  const fixture = makeReloader(() => {
    throw new Error('no log file');
  });
  fixture.next = loaded({ maxGroups: 7 });
  fixture.reloader.reload();
  assert.deepEqual(fixture.steps, []);
  assert.deepEqual(fixture.reloader.state.errors, ['no log file']);
  assert.equal(fixture.reloader.config.maxGroups, 64);
});

test('attempts: each is counted; an applied one clears the errors', () => {
  const fixture = makeReloader();
  fixture.next = loaded({ port: 1 });
  fixture.reloader.reload();
  fixture.next = loaded({});
  fixture.reloader.reload();
  const { count, outcome, errors, changes } = fixture.reloader.state;
  assert.deepEqual([count, outcome, errors, changes], [2, 'unchanged', [], []]);
});

test('start warnings: repeated after each reload, in both languages', () => {
  const fixture = makeReloader();
  for (const outcome of ['applied', 'unchanged']) {
    fixture.next = loaded({ maxGroups: 1 });
    fixture.reloader.reload();
    assert.equal(fixture.reloader.state.outcome, outcome);
    assert.equal(fixture.logged.at(-1), '? few');
    assert.deepEqual([fixture.reloader.state.warnings, fixture.reloader.state.warningsRu], [['few'], ['мало']]);
  }
  fixture.next = loaded({ port: 1 });
  fixture.reloader.reload();
  assert.deepEqual(fixture.reloader.state.warnings, []);
});

test('an unexpected error: the reload is refused', () => {
  const fixture = makeReloader();
  Object.defineProperty(fixture, 'next', {
    get: () => {
      throw new Error('EIO: i/o error');
    },
  });
  fixture.reloader.reload();
  assert.deepEqual([fixture.reloader.state.outcome, fixture.reloader.state.errors], ['refused', ['EIO: i/o error']]);
});

test('options of the daemon commands: ignored by a running router', () => {
  const fixture = makeReloader();
  fixture.next = loaded({ name: 'another' });
  fixture.reloader.reload();
  assert.equal(fixture.reloader.state.outcome, 'unchanged');
});
