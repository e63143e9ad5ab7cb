// npm run docs: writes docs/clients-typescript-api.md from the declarations that tsc emits for the
// sources; with --check it only compares. typedoc does not support the TypeScript version of this repository.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TARGET = join(ROOT, 'docs/clients-typescript-api.md');
const HEAD = `# API of the TypeScript client

Generated from the source by \`npm run docs\`. Introduction and examples: [README](../clients/typescript/README.md).
`;

/** The declarations of all source files, as text by file name without extension. */
function emitDeclarations() {
  const folder = mkdtempSync(join(tmpdir(), 'client-docs-'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', folder], {
      cwd: PACKAGE,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return (name) => readFileSync(join(folder, `${name}.d.ts`), 'utf8');
  } finally {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
}

/** What `exports.ts` exports: [file, name] in its order. */
function exportedNames(text) {
  return [...text.matchAll(/export (?:type )?\{([^}]*)\} from '\.\/([\w-]+)\.ts'/g)].flatMap(([, names, file]) =>
    names.split(',').map((name) => [file, name.trim().replace(/^type /, '')]),
  );
}

/** The declaration of `name` in `text`, with the comment before it. */
function declarationOf(text, name) {
  const lines = text.split('\n');
  const pattern = new RegExp(`^export (declare )?(class|interface|type|const|function) ${name}\\b`);
  const start = lines.findIndex((line) => pattern.test(line));
  if (start < 0) throw new Error(`no declaration of ${name}`);
  let first = start;
  if (lines[start - 1]?.endsWith('*/')) {
    do first--;
    while (!lines[first].startsWith('/**'));
  }
  const end = lines.findIndex((line, at) => at >= start && /^\S.*[;}]$|^\}/.test(line));
  return { comment: plain(lines.slice(first, start)), code: lines.slice(start, end + 1) };
}

function plain(commentLines) {
  return commentLines
    .map((line) => line.replace(/^\s*(\/\*\*|\*\/|\*)\s?/, '').replace(/\s*\*\/$/, ''))
    .join('\n')
    .trim();
}

/** Leaves out private members, the constructor and members marked as internal. */
function publicCode(lines) {
  const text = lines.join('\n').replace(/^export (declare )?/, '');
  return text
    .replace(/(\n {4}\/\*\*(?:(?!\*\/)[\s\S])*\*\/)?\n {4}private [^\n]*/g, '')
    .replace(/\n {4}\/\*\*(?:(?!\*\/)[\s\S])*@internal(?:(?!\*\/)[\s\S])*\*\/\n[^\n]*/g, '')
    .replaceAll(/import\("[^"]+"\)\./g, '')
    .replace(/^( {4})+/gm, (indent) => ' '.repeat(indent.length / 2));
}

function section(text, name) {
  const { comment, code } = declarationOf(text, name);
  return ['', `## ${name}`, ...(comment === '' ? [] : ['', comment]), '', '```ts', publicCode(code), '```'].join('\n');
}

const declarations = emitDeclarations();
const sections = [
  section(declarations('node'), 'connect'),
  ...exportedNames(declarations('exports')).map(([file, name]) => section(declarations(file), name)),
];
const text = `${HEAD}${sections.join('\n')}\n`;
if (!process.argv.includes('--check')) writeFileSync(TARGET, text);
else if (readFileSync(TARGET, 'utf8') !== text) {
  console.error('docs/clients-typescript-api.md is stale: run npm run docs');
  process.exitCode = 1;
}
