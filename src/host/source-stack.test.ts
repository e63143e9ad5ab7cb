import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { TempFolder } from '../../test/support/temp.ts';
import { sourceStack } from './source-stack.ts';

test('source stack: a stack trace of the bundle has files and lines of the sources', async () => {
  using folder = new TempFolder();
  const inner = folder.write('inner.ts', '\n\nexport function inner(): never {\n  throw new Error("x");\n}\n');
  const outer = folder.write(
    'outer.ts',
    "import { inner } from './inner.ts';\nexport const outer = (): void => inner();\n",
  );
  const outfile = folder.file('bundle.js');
  await build({ entryPoints: [outer], outfile, bundle: true, format: 'esm', sourcemap: 'linked' });
  const { outer: run } = (await import(pathToFileURL(outfile).href)) as { outer: () => void };
  let stack = '';
  try {
    run();
  } catch (error) {
    stack = (error as Error).stack ?? '';
  }
  const lines = sourceStack(stack).split('\n');
  assert.equal(lines[0], 'Error: x');
  assert.match(lines[1] ?? '', new RegExp(`${pathToFileURL(inner).href}:4:9`));
  assert.match(lines[2] ?? '', new RegExp(`${pathToFileURL(outer).href}:2:34`));
});

test('source stack: a position without a source map is unchanged', () => {
  const stack = 'Error: x\n    at f (file:///nowhere/dist/main.js:1:2)\n    at node:internal/x:3:4';
  assert.equal(sourceStack(stack), stack);
});
