// npm run build: bundles src/ into dist/. One file per command instead of some 200 modules: loading those took most of the
// time of a start, and more file descriptors than `ulimit -n 60` allows. Not minified, so that the result can be read; the
// source maps are used for stack traces only (src/host/source-stack.ts).
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Modules that are started or imported by path from outside. */
const ENTRY_POINTS = [
  'src/main.ts',
  'src/commands.ts',
  'src/config/sample-config.ts',
  'src/daemon/ecosystem.ts',
  'src/daemon/run-pm2-logrotate.ts',
];
/** Loaded on demand or started as programs. */
const NOT_BUNDLED = [
  'pm2',
  'pm2-logrotate',
  'uplot',
  '@grpc/grpc-js',
  '@nats-io/transport-node',
  'bufferutil',
  'utf-8-validate',
];

/** yargs is used for its parser only; without the mark its help, colours and locales are loaded as well. */
const yargsParserOnly = {
  name: 'yargs-parser-only',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData?.isResolved || !rest.resolveDir.includes('/node_modules/yargs')) return undefined;
      const found = await resolve(path, { ...rest, pluginData: { isResolved: true } });
      return { ...found, sideEffects: false };
    });
  },
};

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ENTRY_POINTS,
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: NOT_BUNDLED,
  // bundled CommonJS packages call require() for the modules of Node.js
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
  },
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [yargsParserOnly],
});
cpSync('src/admin/page', 'dist/admin/page', { recursive: true });
chmodSync('dist/main.js', 0o755);
