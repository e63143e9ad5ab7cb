import { Problems, type Text } from '../text/index.ts';
import { digestOf, type TokenDigests } from './authenticator.ts';

/**
 * Parses a tokens file: one `name: token` per line, `#` comments. Throws all problems at once, as `file:line: …`. A file
 * without a token is a problem, since it would lock out every client.
 */
export function parseTokens(path: string, text: string): TokenDigests {
  const problems: Text[] = [];
  const report = (where: string, en: string, ru: string): void => {
    problems.push({ en: `${where}: ${en}`, ru: `${where}: ${ru}` });
  };
  const tokens = new Map<string, Buffer>();
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const match = /^([^\s:]+)\s*:\s*(\S+)$/.exec(line);
    const where = `${path}:${index + 1}`;
    if (match === null) report(where, 'expected "name: token"', 'нужна строка вида «имя: токен»');
    else if (tokens.has(match[1] as string))
      report(where, `name ${match[1]} is already given above`, `имя ${match[1]} уже есть выше`);
    else tokens.set(match[1] as string, digestOf(match[2] as string));
  });
  if (problems.length === 0 && tokens.size === 0) {
    report(
      path,
      'holds no token; add a line "name: token", or remove auth-tokens-file from the configuration',
      'нет ни одного токена; добавьте строку «имя: токен» или уберите auth-tokens-file из конфигурации',
    );
  }
  if (problems.length > 0) throw new Problems(...problems);
  return tokens;
}
