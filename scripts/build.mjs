// npm run build: bundles src/ into dist/. Loading hundreds of separate modules took most of the start time and more file
// descriptors than `ulimit -n 60` allows. Not minified, for readability; the source maps serve only stack traces
// (src/host/source-stack.ts).
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Programs, and modules that other files import by path. */
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

/** Only the parser of yargs is used; the mark drops its help, colours and locales from the bundle. */
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

/** The sources have no side effects on import, so that an index does not load the files of names that are not used. */
const sourcesWithoutSideEffects = {
  name: 'sources-without-side-effects',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData?.isResolved || /node_modules/.test(rest.resolveDir)) return undefined;
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
  plugins: [yargsParserOnly, sourcesWithoutSideEffects],
});
cpSync('src/admin/page', 'dist/admin/page', { recursive: true });
chmodSync('dist/main.js', 0o755);
