/**
 * Runs a suite: `node --import tsx test/run.ts unit|integration|system|all [PART]`, with PART only the files whose path
 * contains it. The longest files run first, so that the others run beside them; Node itself would sort by path.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ROOT } from './support/program.ts';

interface Suite {
  readonly folders: readonly string[];
  readonly concurrency: number;
}

/** Tests that need PM2, Chromium, namespaces or a booted systemd; skipped with a reason where these are missing. */
const SYSTEM = ['test/system', 'test/daemon', 'test/monitoring', 'test/container'];
const UNIT = ['src', 'clients/typescript/src'];
const INTEGRATION = ['test'];

const SUITES: Readonly<Record<string, Suite>> = {
  unit: { folders: UNIT, concurrency: 3 },
  integration: { folders: INTEGRATION, concurrency: 3 },
  system: { folders: SYSTEM, concurrency: 2 },
  all: { folders: [...SYSTEM, ...INTEGRATION, ...UNIT], concurrency: 3 },
};

/** The test files of `folders`, each once, in the order of the folders. `test` stands for the rest of it. */
function testFiles(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((path) => path.endsWith('.test.ts'))
      .filter((path) => folder !== 'test' || !SYSTEM.some((system) => path.startsWith(`${system}/`)))
      .sort(),
  );
}

const [name = 'all', part = ''] = process.argv.slice(2);
const suite = SUITES[name];
if (suite === undefined) {
  process.stderr.write(`No such suite: ${name}; there are ${Object.keys(SUITES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  if (name !== 'unit') process.env.TEST_BUILT = '1';
  const files = testFiles(suite.folders)
    .filter((path) => path.includes(part))
    .map((path) => join(ROOT, path));
  const events = run({ files, concurrency: suite.concurrency });
  events.on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  });
  events.pipe(new spec()).pipe(process.stdout);
}
