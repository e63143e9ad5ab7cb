// npm run generate: writes the files derived from tables in the sources; --check only reports stale files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generate/files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const onlyCheck = process.argv.includes('--check');
let stale = 0;

for (const [name, text] of await generatedFiles()) {
  const path = join(ROOT, name);
  if (contentOf(path) === text) continue;
  stale++;
  console.log(`${name}: ${onlyCheck ? 'stale; run: npm run generate' : 'written'}`);
  if (onlyCheck) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
if (onlyCheck && stale > 0) process.exitCode = 1;

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
