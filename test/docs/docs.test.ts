import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import { environmentName, OPTIONS, type Option, readFlags } from '../../src/config/index.ts';
import { anchorsOf, DOCUMENTS, type Document, ROOT } from './documents.ts';

/** Flags of other programs that prose may mention without the program. */
const OTHER_FLAGS = new Set([
  ...['--rollback', '--uninstall', '--purge', '--tune', '--dry-run', '--quiet', '--port', '--lang'], // install-production.sh
  ...['--check', '--import', '--test', '--user', '--service-name', '--omit', '--offline', '--deploy-hook'],
  ...['--stop-timeout', '--build-arg', '--init'],
  ...['--stop', '--status', '--reload', '--cert-file', '--key-file', '--tls', '--worker-threads'], // of the Dart router, translated
]);
const ALL: readonly Option[] = OPTIONS;
const FLAGS = new Set(
  ALL.flatMap(({ key, alias = [], type }) => [key, ...alias, ...(type === 'boolean' ? [`no-${key}`] : [])]).map(
    (name) => `--${name}`,
  ),
);
const VARIABLES = new Set([...ALL.map(environmentName), 'ROUTER_ENABLE_STATS', 'ROUTER_ENABLE_METRICS']);
const { scripts, dependencies, devDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as Record<'scripts' | 'dependencies' | 'devDependencies', Record<string, string>>;

test('the documentation: contains documents and commands', () => {
  assert.ok(DOCUMENTS.length >= 15, `${DOCUMENTS.length}`);
  assert.ok(DOCUMENTS.flatMap(({ commands }) => commands).length >= 30);
});

/** Broken links of a document. */
function brokenLinks(document: Document): string[] {
  const links = [...document.prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  return links
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document.path : posix.join(dirname(document.path), path);
      if (!existsSync(join(ROOT, file))) return true;
      const other = DOCUMENTS.find((candidate) => candidate.path === file);
      return anchor !== undefined && other !== undefined && !anchorsOf(other).has(anchor);
    });
}

const QUOTED_OR_WORD = /'[^']*'|"[^"]*"|\S+/g;

/** The arguments of each call of the router in a shell line. */
function routerCalls(command: string): string[][] {
  const calls = command.matchAll(
    /(?:rpc-dart-router|node dist\/main\.js|npm start --|npm run start --)((?:\s+[^|&;<>)`]*)?)/g,
  );
  return [...calls]
    .filter(({ index }) => /(^|[\s(;&|"'`=/])$/.test(command.slice(0, index)))
    .filter(({ index }) => !command.slice(0, index).endsWith('journalctl -u ')) // the name of the service
    .map(([, rest]) => (rest ?? '').match(QUOTED_OR_WORD) ?? [])
    .filter(([first]) => first?.startsWith('-'));
}

for (const document of DOCUMENTS) {
  test(`${document.path}: links exist`, () => assert.deepEqual(brokenLinks(document), []));

  test(`${document.path}: flags and variables exist`, () => {
    const flags = [...document.prose.matchAll(/`(--[a-z][a-z0-9-]*[a-z0-9])/g)].map(([, flag]) => flag ?? '');
    assert.deepEqual(
      flags.filter((flag) => !FLAGS.has(flag) && !OTHER_FLAGS.has(flag)),
      [],
    );
    const variables = [...document.text.matchAll(/\bROUTER_[A-Z_]*[A-Z]\b/g)].map(([name]) => name);
    assert.deepEqual(
      variables.filter((name) => !VARIABLES.has(name) && !/^ROUTER_(TEST_|DIST$)/.test(name)), // variables of the tests
      [],
    );
  });

  test(`${document.path}: the router accepts its commands`, () => {
    for (const args of document.commands.flatMap(routerCalls)) {
      const problems = readFlags(args).problems.map(({ en }) => en);
      assert.deepEqual(problems, [], args.join(' '));
    }
  });

  test(`${document.path}: npm scripts and files in commands exist`, () => {
    for (const text of [...document.commands, ...document.prose.matchAll(/`(npm run [^`]+)`/g)].map(String)) {
      for (const [, name] of text.matchAll(/npm run (?:-s |--silent )?([\w:]+)/g)) {
        assert.ok(name !== undefined && name in scripts, `npm run ${name}`);
      }
      for (const [, file] of text.matchAll(/(?:bash|node|--test) ((?:scripts|examples|src|test)\/[\w./-]+)/g)) {
        assert.ok(file !== undefined && existsSync(join(ROOT, file)), file);
      }
    }
  });

  test(`${document.path}: contains no TODO`, () => assert.doesNotMatch(document.text, /\bTODO\b|\bFIXME\b/));
}

test('docs/dependencies.md: has a reason for every dependency and no others', () => {
  const { text } = DOCUMENTS.find(({ path }) => path === 'docs/dependencies.md') ?? { text: '' };
  const listed = [...text.matchAll(/^\| (`.+?`(?:, `.+?`)*) \|/gm)].flatMap(([, names]) =>
    [...(names ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
  );
  assert.deepEqual(listed.toSorted(), [...Object.keys(dependencies), ...Object.keys(devDependencies)].toSorted());
});

test('docs/architecture.md: lists every folder of the sources', () => {
  const { text } = DOCUMENTS.find(({ path }) => path === 'docs/architecture.md') ?? { text: '' };
  const shown = [...text.matchAll(/^ {2}(\w+)\/ /gm)].map(([, name]) => name);
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(shown.toSorted(), folders.map(({ name }) => name).toSorted());
});

test('docs/README.md: links to every document', () => {
  const index = DOCUMENTS.filter(({ path }) => path === 'docs/README.md' || path === 'docs/ru/README.md');
  const linked = new Set(
    index.flatMap(({ path, prose }) =>
      [...prose.matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) => posix.join(dirname(path), target ?? '')),
    ),
  );
  const documents = DOCUMENTS.map(({ path }) => path).filter((path) => path.startsWith('docs/'));
  assert.deepEqual(
    documents.filter((path) => !linked.has(path) && !path.endsWith('/README.md')),
    [],
  );
});
