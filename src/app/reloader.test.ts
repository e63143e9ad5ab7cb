import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CONFIG, type LoadedConfig, type RouterConfig } from '../config/index.ts';
import { Reloader } from './reloader.ts';

interface Bed {
  readonly reloader: Reloader;
  readonly said: string[];
  /** What happened, in order. */
  readonly steps: string[];
  next: LoadedConfig;
}

const loaded = (change: Partial<RouterConfig>): LoadedConfig => ({
  ok: true,
  config: { ...DEFAULT_CONFIG, ...change },
  sources: new Map(),
});

const NO_FILES = { tls: null, tokens: null, sessionKey: null, digests: new Map(), warnings: [] };

function makeBed(prepare: () => void = () => {}): Bed {
  const [said, steps]: [string[], string[]] = [[], []];
  const log = {
    info: (line: string) => said.push(line),
    warning: (line: string) => said.push(`? ${line}`),
    error: (line: string) => said.push(`! ${line}`),
  };
  const bed: Bed = {
    said,
    steps,
    next: loaded({}),
    reloader: new Reloader(DEFAULT_CONFIG, NO_FILES, {
      log,
      warnings: ({ maxGroups }) => (maxGroups === 1 ? [{ en: 'few', ru: 'мало' }] : []),
      load: () => bed.next,
      prepare: () => {
        prepare();
        steps.push('prepared');
        return () => steps.push('finished');
      },
      apply: (next) => steps.push(`applied ${next.maxGroups}`),
    }),
  };
  return bed;
}

test('before the first reload there is no outcome', () => {
  const { reloader } = makeBed();
  assert.deepEqual([reloader.state.count, reloader.state.outcome, reloader.state.lastAt], [0, 'none', null]);
});

test('a change is prepared, applied, finished, logged and noted, in this order', () => {
  const bed = makeBed();
  const { configDigest } = bed.reloader.state;
  bed.next = loaded({ maxGroups: 7, writeDeadlineMs: 1500 });
  bed.reloader.reload();
  assert.deepEqual(bed.steps, ['prepared', 'applied 7', 'finished']);
  assert.deepEqual(bed.said, [
    'write-deadline: 10s -> 1500ms',
    'max-groups: 64 -> 7',
    'Configuration reloaded: 2 changed',
  ]);
  const { state, config } = bed.reloader;
  assert.deepEqual([state.count, state.outcome, state.errors, config.maxGroups], [1, 'applied', [], 7]);
  assert.deepEqual(state.changes.at(-1), { key: 'max-groups', from: '64', to: '7' });
  assert.notEqual(state.configDigest, configDigest);
});

test('nothing changed: files are opened anew all the same', () => {
  const bed = makeBed();
  bed.reloader.reload();
  assert.deepEqual(bed.steps, ['prepared', 'applied 64', 'finished']);
  assert.equal(bed.reloader.state.outcome, 'unchanged');
});

test('one option that needs a restart refuses all, with every such option', () => {
  const bed = makeBed();
  bed.next = loaded({ maxGroups: 7, port: 1234, host: '127.0.0.1' });
  bed.reloader.reload();
  assert.deepEqual(bed.steps, []);
  assert.deepEqual(bed.reloader.state.errors, [
    'host: cannot change without a restart (0.0.0.0 -> 127.0.0.1)',
    'port: cannot change without a restart (8080 -> 1234)',
  ]);
  assert.equal(bed.reloader.config, DEFAULT_CONFIG);
  assert.equal(bed.said[0], '! Reload refused, the old configuration stays in force');
});

test('files that cannot be used are told together with options that need a restart', () => {
  const bed = makeBed();
  bed.next = loaded({ port: 1234, authTokensFile: '/nonexistent/tokens' });
  bed.reloader.reload();
  const { errors, outcome } = bed.reloader.state;
  assert.equal(outcome, 'refused');
  assert.match(errors[0] ?? '', /^port:/);
  assert.match(errors[1] ?? '', /^\/nonexistent\/tokens: cannot be read/);
  const { errorsRu } = bed.reloader.state;
  assert.match(errorsRu[0] ?? '', /^port: нельзя изменить без перезапуска \(/);
  assert.match(errorsRu[1] ?? '', /^\/nonexistent\/tokens: не читается: нет такого файла/);
});

test('what cannot be prepared refuses the reload before anything is applied', () => {
  const bed = makeBed(() => {
    throw new Error('no log file');
  });
  bed.next = loaded({ maxGroups: 7 });
  bed.reloader.reload();
  assert.deepEqual(bed.steps, []);
  assert.deepEqual(bed.reloader.state.errors, ['no log file']);
  assert.equal(bed.reloader.config.maxGroups, 64);
});

test('each attempt is counted, and a good one clears what was wrong', () => {
  const bed = makeBed();
  bed.next = loaded({ port: 1 });
  bed.reloader.reload();
  bed.next = loaded({});
  bed.reloader.reload();
  const { count, outcome, errors, changes } = bed.reloader.state;
  assert.deepEqual([count, outcome, errors, changes], [2, 'unchanged', [], []]);
});

test('warnings of the start are repeated after each reload, and shown in both languages', () => {
  const bed = makeBed();
  for (const outcome of ['applied', 'unchanged']) {
    bed.next = loaded({ maxGroups: 1 });
    bed.reloader.reload();
    assert.equal(bed.reloader.state.outcome, outcome);
    assert.equal(bed.said.at(-1), '? few');
    assert.deepEqual([bed.reloader.state.warnings, bed.reloader.state.warningsRu], [['few'], ['мало']]);
  }
  bed.next = loaded({ port: 1 });
  bed.reloader.reload();
  assert.deepEqual(bed.reloader.state.warnings, []);
});

test('an error that nobody expects refuses the reload', () => {
  const bed = makeBed();
  Object.defineProperty(bed, 'next', {
    get: () => {
      throw new Error('EIO: i/o error');
    },
  });
  bed.reloader.reload();
  assert.deepEqual([bed.reloader.state.outcome, bed.reloader.state.errors], ['refused', ['EIO: i/o error']]);
});

test('options of the daemon commands are no matter of a running router', () => {
  const bed = makeBed();
  bed.next = loaded({ name: 'another' });
  bed.reloader.reload();
  assert.equal(bed.reloader.state.outcome, 'unchanged');
});
