import type { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** A part of a line with one style. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}
export type Line = readonly Span[];

/** Creates a span. Replaces control characters, since client and group names are untrusted. */
export function span(text: string, style?: Style): Span {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the search pattern
  const safe = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, '·');
  return style === undefined ? { text: safe } : { text: safe, style };
}

/** Cuts a line to `columns` characters. */
export function cutLine(line: Line, columns: number): Line {
  let left = columns;
  return line.flatMap((piece) => {
    const text = [...piece.text].slice(0, left).join('');
    left -= [...text].length;
    return text === '' ? [] : [{ ...piece, text }];
  });
}

/** A table row: each cell is padded or cut to its width; a negative width aligns right. */
export function row(cells: readonly (readonly [string, number])[], style?: Style): Line {
  const padded = cells.map(([text, width]) => {
    const size = Math.abs(width);
    const cut = [...text].length > size ? `${[...text].slice(0, size - 1).join('')}…` : text;
    return width < 0 ? cut.padStart(size) : cut.padEnd(size);
  });
  return [span(padded.join(' '), style)];
}

/** A bar of `width` characters for a share of 0..1. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

const LEVELS = '▁▂▃▄▅▆▇█';

/** A sparkline of `values`, scaled from zero to their maximum. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 0);
  if (most === 0) return LEVELS.charAt(0).repeat(values.length);
  return values.map((value) => LEVELS.charAt(Math.round((value / most) * (LEVELS.length - 1)))).join('');
}
