import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { pathToFileURL } from 'node:url';

/** A position in a built file, as V8 prints it in a stack trace: a URL for ES modules, a path otherwise. */
const POSITION = /((?:file:\/)?\/[^\s()]+\.js):(\d+):(\d+)/g;

/**
 * Replaces positions in the bundle by those in the sources. The source maps are read only here: with Node's own
 * `--enable-source-maps` each start would parse them.
 */
export function sourceStack(stack: string): string {
  const maps = new Map<string, SourceMap | null>();
  return stack.replace(POSITION, (position: string, file: string, line: string, column: string) => {
    const url = file.startsWith('/') ? pathToFileURL(file).href : file;
    if (!maps.has(url)) maps.set(url, readSourceMap(url));
    const entry = maps.get(url)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !('originalSource' in entry)) return position;
    const source = new URL(entry.originalSource, url).href;
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function readSourceMap(url: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8')) as SourceMapPayload);
  } catch {
    // without a map the position in the bundle is all there is
    return null;
  }
}
