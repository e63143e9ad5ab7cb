import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const LIMIT_BYTES = 20 * 1024;

test('the browser bundle has no Node code and at most 20 KiB gzipped', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [new URL('../../clients/typescript/src/index.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    // an import of a Node module is an error on this platform
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs);
  const packages = new Set(inputs.map((input) => /node_modules\/([^/]+)/.exec(input)?.[1]).filter(Boolean));
  assert.deepEqual([...packages], ['cborg']);
  assert.ok(!inputs.some((input) => /grpc-transport|\/node\.ts$/.test(input)));
  const [output] = outputFiles;
  assert.ok(output !== undefined);
  assert.ok(!/\brequire\(|from ?"node:/.test(output.text));
  const size = gzipSync(output.contents).length;
  assert.ok(size <= LIMIT_BYTES, `${size} bytes gzipped`);
});
