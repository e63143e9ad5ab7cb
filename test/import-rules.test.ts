import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Imports point inwards: wire <- router <- rpc <- grpc <- app. This table defines the allowed imports of each folder. */

const SRC = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  /** Relative to src, with slashes. */
  readonly file: string;
  readonly folder: string;
  /** As written; relative paths are resolved against src. */
  readonly target: string;
  readonly isRelative: boolean;
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

const FILES: ReadonlyMap<string, string> = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => [file.replaceAll('\\', '/'), withoutComments(readFileSync(join(SRC, file), 'utf8'))]),
);

/** `from '…'`, `import '…'`, `import('…')`, `require('…')`, `require.resolve('…')` and `createRequire(…).resolve('…')`. */
const SPECIFIER = /(?:\bfrom\s*|(?<!-)\bimport\s*\(?\s*|\brequire\s*\(\s*|\bresolve\(\s*)(['"`])([^'"`\n]+)\1/g;

function importsOf(source: string): string[] {
  return [...source.matchAll(SPECIFIER)].map((match) => match[2] as string);
}

const IMPORTS: readonly Import[] = [...FILES].flatMap(([file, source]) =>
  importsOf(source).map((specifier) => {
    const isRelative = specifier.startsWith('.');
    const target = isRelative ? posix.join(posix.dirname(file), specifier) : specifier;
    return { file, folder: folderOf(file), target, isRelative };
  }),
);

/** The folder right below src; empty for src/main.ts. */
function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] as string) : '';
}

const isPackage = (target: string, name: string): boolean => target === name || target.startsWith(`${name}/`);

/** Imports of the files in `folder` that `allowed` does not contain; other folders of src by their name. */
function beyond(folder: string, allowed: readonly string[]): string[] {
  return IMPORTS.filter((it) => it.folder === folder)
    .map((it) => ({ file: it.file, from: it.isRelative ? folderOf(it.target) : it.target }))
    .filter(
      ({ from }) =>
        from !== folder &&
        !allowed.some((name) => isPackage(from, name) || (name === 'node:' && from.startsWith(name))),
    )
    .map(({ file, from }) => `${file} imports ${from}`);
}

test('imports: found in every form', () => {
  const source = `import a from 'a';\nimport type { b } from "b";\nimport {\n c,\n} from 'c';\nexport { d } from 'd';\nimport 'e';
const f = await import('f');\ncreateRequire(import.meta.url).resolve('g/h');\nconst i = require('i');\ntype J = import('j').J;`;
  assert.deepEqual(importsOf(source), ['a', 'b', 'c', 'd', 'e', 'f', 'g/h', 'i', 'j']);
  assert.ok(IMPORTS.length > 100, `${IMPORTS.length} imports in ${FILES.size} files`);
  for (const { file, target } of IMPORTS.filter((it) => it.isRelative)) {
    assert.ok(FILES.has(target), `${file} imports ${target}, which this test does not see`);
  }
});

/** Allowed imports of each folder, from the inside outwards; `node:` stands for all modules of Node.js. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  text: [],
  host: ['node:'],
  config: ['host', 'text', 'node:', 'yaml', 'yargs'],
  wire: ['node:buffer', 'cborg', 'lossless-json'],
  http2: [],
  router: ['wire'],
  rpc: ['wire', 'router'],
  cluster: ['wire', 'router', 'text', 'node:', '@nats-io/transport-node'],
  access: ['config', 'wire', 'router', 'rpc', 'text', 'node:crypto', 'node:path', 'jose', 'yaml'],
  logging: ['host', 'text', 'node:', 'pino'],
  net: ['router', 'rpc', 'text', 'node:'],
  grpc: ['wire', 'router', 'rpc', 'http2', 'net', 'access', 'text', '@grpc/grpc-js', 'node:'],
  websocket: ['wire', 'router', 'rpc', 'net', 'access', 'grpc', 'text', 'node:', 'ws'],
  telemetry: ['wire', 'router', 'rpc', 'logging', 'text', 'node:', 'prom-client'],
  admin: ['host', 'router', 'telemetry', 'text', 'node:', 'prom-client', 'uplot'],
  cli: ['config', 'telemetry', 'text', 'node:'],
  process: ['cli', 'config', 'host', 'logging', 'text', 'node:'],
  daemon: ['cli', 'config', 'host', 'telemetry', 'text', 'node:', 'pm2', 'pm2-logrotate'],
  api: ['wire', 'router', 'access', 'net', 'telemetry', 'node:', 'fastify', '@fastify/cors', '@fastify/swagger'],
  app: [
    'access',
    'admin',
    'api',
    'cli',
    'cluster',
    'config',
    'grpc',
    'host',
    'logging',
    'net',
    'process',
    'router',
    'telemetry',
    'text',
    'websocket',
    'node:',
  ],
  workers: ['admin', 'cli', 'config', 'host', 'logging', 'net', 'process', 'telemetry', 'text', 'node:'],
  worker: ['app', 'cli', 'config', 'host', 'logging', 'net', 'process', 'text', 'workers', 'node:'],
  doctor: ['app', 'cli', 'config', 'daemon', 'host', 'net', 'telemetry', 'text', 'node:'],
  control: ['cli', 'daemon', 'text', 'lossless-json'],
  top: ['cli', 'daemon', 'telemetry', 'text', 'node:'],
};

test('every folder: has a row', () => {
  const folders = new Set([...FILES.keys()].map(folderOf).filter((folder) => folder !== ''));
  assert.deepEqual(Object.keys(ALLOWED).sort(), [...folders].sort());
});

/** Folders in the order of their rows; each imports only from rows above. */
test('folders: no upward imports', () => {
  const order = Object.keys(ALLOWED);
  for (const [folder, allowed] of Object.entries(ALLOWED)) {
    const upwards = allowed.filter((name) => order.indexOf(name) > order.indexOf(folder));
    assert.deepEqual(upwards, [], folder);
  }
});

for (const [folder, allowed] of Object.entries(ALLOWED)) {
  test(`${folder}: imports only ${allowed.join(', ')}`, () => {
    assert.deepEqual(beyond(folder, allowed), []);
  });
}

/** The files on a cycle of imports, types included, that starts in `folder`; empty without one. */
function cycleIn(folder: string): readonly string[] {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return path.slice(at);
    if (finished.has(file)) return [];
    path.push(file);
    for (const { target, isRelative } of IMPORTS.filter((it) => it.file === file)) {
      const cycle = isRelative ? visit(target) : [];
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    finished.add(file);
    return [];
  };
  for (const file of [...FILES.keys()].filter((name) => folderOf(name) === folder)) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

for (const folder of ['', ...Object.keys(ALLOWED)]) {
  test(`src/${folder}: no import cycle, types included`, () => {
    assert.deepEqual(cycleIn(folder), []);
  });
}

test('PM2: loaded only by src/daemon', () => {
  const others = IMPORTS.filter((it) => it.folder !== 'daemon' && /^(@?pm2)([-/]|$)/.test(it.target));
  assert.deepEqual(
    others.map((it) => `${it.file} imports ${it.target}`),
    [],
  );
});

test('the commands: never import the router', () => {
  for (const folder of ['cli', 'process', 'daemon', 'doctor', 'top']) {
    const reached = IMPORTS.filter((it) => it.folder === folder && /^(router|rpc|grpc|http2|wire)\//.test(it.target));
    assert.deepEqual(
      reached.map((it) => `${it.file} imports ${it.target}`),
      [],
    );
  }
});

/** Files of `--help` and `--version`, which load no more than they need: an index loads its whole folder. */
const LIGHT = ['main.ts', 'quick-answers.ts', 'cli/help.ts'];

test('other folders: imported through their index.ts', () => {
  const past = IMPORTS.filter(
    (it) => it.isRelative && folderOf(it.target) !== it.folder && !/^[^/]+\/index\.ts$/.test(it.target),
  ).filter(({ file }) => !LIGHT.includes(file));
  assert.deepEqual(
    past.map((it) => `${it.file} imports ${it.target}`),
    [],
  );
});

/** Patterns that only the given files may contain. */
const ONLY_IN: readonly (readonly [string, RegExp, readonly string[]])[] = [
  [
    'process.env, or the whole of it under another name',
    /\bprocess\s*\.\s*env\b|\benv\b[^;]*\}\s*=\s*process\b/,
    ['main.ts'],
  ],
  ['process.exit', /\bprocess\s*\.\s*(exit|reallyExit|abort)\b/, ['main.ts']],
];

for (const [name, pattern, allowed] of ONLY_IN) {
  test(`${name}: only in ${allowed.map((file) => `src/${file}`).join(', ')}`, () => {
    const found = [...FILES].filter(([, source]) => pattern.test(source)).map(([file]) => file);
    assert.deepEqual(found, allowed, 'elsewhere it is handed in');
  });
}

/** Undocumented parts of Node.js and V8, and the only place that uses them. */
const INTERNALS: readonly (readonly [name: string, pattern: RegExp, place: string])[] = [
  ['_handle', /\b_handle\b/, 'net/node-internals/'],
  ['._write, ._writev, ._read and ._parent', /\._(writev?|read|parent)\b/, 'net/node-internals/'],
  ['another push or _read of a stream', /\.(push|_read) = /, 'net/node-internals/'],
  ['setFlagsFromString', /\bsetFlagsFromString\b/, 'app/v8-tuning.ts'],
];

for (const [name, pattern, place] of INTERNALS) {
  test(`${name}: only in src/${place}`, () => {
    const found = [...FILES].filter(([, source]) => pattern.test(source)).map(([file]) => file);
    assert.ok(found.length > 0, 'the pattern finds its own place');
    assert.deepEqual(
      found.filter((file) => !file.startsWith(place)),
      [],
    );
  });
}
