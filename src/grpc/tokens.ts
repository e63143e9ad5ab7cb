import { Problems, type Text } from '../text/index.ts';
import { digestOf, type TokenDigests } from './auth.ts';

/** Permission bits for anybody but owner and group. */
const OTHERS = 0o007;

export interface TokensFile {
  readonly text: string;
  /** The file's permission bits. */
  readonly mode: number;
}

/**
 * Parses a tokens file: one `name: token` a line, `#` comments. Throws with every problem at once, as `file:line: …`; a
 * file that others can read is refused.
 */
export function parseTokens(path: string, file: TokensFile): TokenDigests {
  const problems: Text[] = [];
  const complain = (where: string, en: string, ru: string): void => {
    problems.push({ en: `${where}: ${en}`, ru: `${where}: ${ru}` });
  };
  if ((file.mode & OTHERS) !== 0) {
    complain(path, `readable by others; run: chmod 640 ${path}`, `доступен всем; выполните: chmod 640 ${path}`);
  }
  const tokens = new Map<string, Buffer>();
  file.text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const match = /^([^\s:]+)\s*:\s*(\S+)$/.exec(line);
    const where = `${path}:${index + 1}`;
    if (match === null) complain(where, 'expected "name: token"', 'нужна строка вида «имя: токен»');
    else if (tokens.has(match[1] as string))
      complain(where, `name ${match[1]} is already given above`, `имя ${match[1]} уже есть выше`);
    else tokens.set(match[1] as string, digestOf(match[2] as string));
  });
  if (problems.length > 0) throw new Problems(...problems);
  return tokens;
}
