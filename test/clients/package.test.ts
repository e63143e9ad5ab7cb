import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../support/program.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const run = promisify(execFile);
const PACKAGE = `${ROOT}clients/typescript`;
const TSC = `${ROOT}node_modules/typescript/bin/tsc`;
const ESBUILD = `${ROOT}node_modules/.bin/esbuild`;
const NAME = 'rpc-dart-router-client';
const folder = new TempFolder();
const project = folder.file('project');

/** A TypeScript program that uses the declarations. */
const PROGRAM = (module: string): string => `
  import { connect, Double, type ErrorCode, type RouterClient, RouterError } from '${module}';
  const client: RouterClient = await connect('ws://localhost:1', { name: 'a', token: async () => 'x' });
  client.on('message', ({ payload }) => { const value = payload.x; void value; });
  await client.send(client.id, { a: 1n, b: new Double(1) });
  try { await client.request('x', {}, { timeoutMs: 1 }); } catch (error) {
    if (error instanceof RouterError) { const code: ErrorCode = error.code; void code; }
  }
  // @ts-expect-error a Date cannot be sent
  await client.send('x', { d: new Date() });
`;

/** Packs the client as \`npm pack\` does, and installs it with links to its dependencies, without the network. */
before(async () => {
  const build = folder.file('build');
  mkdirSync(build);
  for (const file of ['package.json', 'README.md', 'LICENSE']) cpSync(`${PACKAGE}/${file}`, `${build}/${file}`);
  await run(process.execPath, [TSC, '-p', `${PACKAGE}/tsconfig.build.json`, '--outDir', `${build}/dist`]);
  const bundle = ['--bundle', '--minify', '--format=esm', `--outfile=${build}/dist/${NAME}.min.js`];
  await run(ESBUILD, [`${PACKAGE}/src/index.ts`, ...bundle, '--log-level=warning']);
  const { stdout } = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder.path], {
    cwd: build,
  });
  mkdirSync(`${project}/node_modules/${NAME}`, { recursive: true });
  await run('tar', [
    'xzf',
    folder.file(stdout.trim()),
    '--strip-components=1',
    '-C',
    `${project}/node_modules/${NAME}`,
  ]);
  for (const dependency of ['@grpc', 'ws', 'cborg']) {
    symlinkSync(`${ROOT}node_modules/${dependency}`, `${project}/node_modules/${dependency}`);
  }
});
after(() => folder.remove());

/** The output of an ES module in the project. */
async function output(code: string, ...flags: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '-e', code], { cwd: project });
  return stdout.trim();
}

test('the packed package sends a message from a project of its own', async () => {
  await using router = await RouterProcess.start();
  for (const scheme of ['http', 'ws']) {
    const code = `
      import { connect } from '${NAME}';
      const url = '${scheme}://127.0.0.1:${router.port}';
      const alice = await connect(url, { name: 'alice', groups: ['chat'] });
      const bob = await connect(url, { groups: ['chat'] });
      const received = new Promise((resolve) => bob.on('message', resolve));
      await alice.multicast('chat', { text: 'hello' });
      console.log((await received).payload.text);
      await Promise.all([alice.close(), bob.close()]);`;
    assert.equal(await output(code), 'hello', scheme);
  }
});

test('the conditional exports: Node has gRPC, browsers and the bundle have not', async () => {
  const code = (module: string): string =>
    `import { connect } from '${module}';
     await connect('http://127.0.0.1:1').catch((error) => console.log(error.code));`;
  assert.equal(await output(code(NAME)), 'unreachable');
  assert.equal(await output(code(NAME), '--conditions=browser'), 'invalid-value');
  assert.equal(await output(code(`${NAME}/bundle`)), 'invalid-value');
});

for (const [resolution, module] of [
  ['bundler', 'esnext'],
  ['nodenext', 'nodenext'],
] as const) {
  test(`the declarations work under moduleResolution ${resolution}`, async () => {
    folder.write('project/package.json', '{"type": "module"}');
    const files = [NAME, `${NAME}/bundle`].map((name, n) => folder.write(`project/program${n}.ts`, PROGRAM(name)));
    const lib = ['--lib', 'es2022,dom,dom.iterable', '--types', ''];
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--moduleResolution',
      resolution,
      '--module',
      module,
    ];
    await run(process.execPath, [TSC, ...options, ...lib, ...files], { cwd: project }).catch((error) =>
      assert.fail(String(error.stdout)),
    );
  });
}
