import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Document {
  /** From the root. */
  readonly path: string;
  readonly text: string;
  /** Without code blocks. */
  readonly prose: string;
  /** The lines of shell blocks, with continued lines joined, without comments and prompts. */
  readonly commands: readonly string[];
}

const BLOCK = /^[ \t]*```(\w*)\n([\s\S]*?)^[ \t]*```$/gm;

function documentAt(path: string): Document {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const shell = [...text.matchAll(BLOCK)].filter(([, language]) => language === 'bash' || language === 'sh');
  const commands = shell.flatMap(([, , body]) =>
    (body ?? '')
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .map((line) =>
        line
          .replace(/(^|\s)#\s.*$/, '')
          .replace(/^\s*\$ /, '')
          .trim(),
      )
      .filter((line) => line !== ''),
  );
  return { path, text, prose: text.replaceAll(BLOCK, ''), commands };
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}

/** All documents of the project. */
export const DOCUMENTS: readonly Document[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...['docs', 'deploy', 'examples'].flatMap(markdownIn),
].map(documentAt);

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf({ prose }: Document): Set<string> {
  const headings = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) => title ?? '');
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  );
}
