import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { nearestName } from '../config/index.ts';
import { Problems, type Text } from '../text/index.ts';

/** A file of roles and tokens has a few hundred kilobytes at most. */
const MAX_FILE_CHARS = 4 * 1024 * 1024;
const MAX_PROBLEMS = 50;

type Value = Node | null;

/** An entry of a map, with the position of its key. */
export interface Entry {
  readonly key: string;
  readonly where: string;
  readonly value: Value;
}

/** Reads a YAML file and reports all problems as `file:line: …`. */
export class YamlReader {
  readonly warnings: Text[] = [];
  private readonly path: string;
  private readonly lines = new LineCounter();
  private readonly root: Value;
  private readonly problems: Text[] = [];

  /** Throws Problems for a file that is no YAML. */
  constructor(path: string, text: string) {
    this.path = path;
    if (text.length > MAX_FILE_CHARS) {
      this.report(path, `is larger than ${MAX_FILE_CHARS / 1024} KiB`, `больше ${MAX_FILE_CHARS / 1024} КиБ`);
      throw new Problems(...this.problems);
    }
    if (/[\0\ufffd]/.test(text)) {
      this.report(path, 'is not a text file in UTF-8', 'не текстовый файл в UTF-8');
      throw new Problems(...this.problems);
    }
    const document = this.parse(text);
    for (const { pos, message } of [...document.errors, ...document.warnings]) {
      const line = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
      this.report(this.at(pos[0]), line, `ошибка YAML: ${line}`);
    }
    this.throwProblems();
    this.root = document.contents as Value;
  }

  report(where: string, en: string, ru: string): void {
    this.problems.push({ en: `${where}: ${en}`, ru: `${where}: ${ru}` });
    if (this.problems.length < MAX_PROBLEMS) return;
    this.problems.push({
      en: `${where}: too many errors; the rest of the file was not checked`,
      ru: `${where}: слишком много ошибок; остаток файла не проверен`,
    });
    throw new Problems(...this.problems);
  }

  warn(where: string, en: string, ru: string): void {
    this.warnings.push({ en: `${where}: ${en}`, ru: `${where}: ${ru}` });
  }

  get hasProblems(): boolean {
    return this.problems.length > 0;
  }

  throwProblems(): void {
    if (this.problems.length > 0) throw new Problems(...this.problems);
  }

  /** The entries of the file's map. */
  rootEntries(allowed: readonly string[]): ReadonlyMap<string, Entry> {
    return this.entries({ key: 'the file', where: `${this.path}:1`, value: this.root }, allowed);
  }

  /** The entries of a map whose keys must be among `allowed`; null allows any. */
  entries({ key, where, value }: Entry, allowed: readonly string[] | null): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    if (!isMap(value)) {
      this.report(where, `${key} must be a map`, `${key}: нужны пары «ключ: значение»`);
      return entries;
    }
    for (const pair of (value as YAMLMap<Node, Value>).items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      const position = this.at(pair.key?.range?.[0]);
      if (allowed !== null && !allowed.includes(name)) this.unknown(position, 'key', name, allowed);
      else if (entries.has(name)) this.report(position, `${name} is already set above`, `${name} уже задан выше`);
      else entries.set(name, { key: name, where: position, value: pair.value });
    }
    return entries;
  }

  /** The items of a list, each under the key of the list. */
  items(entry: Entry | undefined): Entry[] {
    if (entry === undefined) return [];
    const { key, where, value } = entry;
    if (isSeq(value)) {
      return value.items.map((item) => {
        const node = item as Node;
        return { key, where: this.at(node.range?.[0]), value: node };
      });
    }
    this.report(where, `${key} must be a list`, `${key}: нужен список`);
    return [];
  }

  /** A text; a number counts as one, as it is written. Null, reported, for anything else. */
  text(entry: Entry | undefined): string | null {
    if (entry === undefined) return null;
    const { key, where, value } = entry;
    if (isScalar(value) && value.value !== null && value.value !== '') {
      return typeof value.value === 'string' ? value.value : (value.source ?? String(value.value));
    }
    this.report(where, `${key} must be a text`, `${key}: нужен текст`);
    return null;
  }

  /** A text that the map at `where` must have. */
  required(entries: ReadonlyMap<string, Entry>, key: string, where: string): string | null {
    const entry = entries.get(key);
    if (entry === undefined) this.report(where, `${key} is missing`, `нет ключа ${key}`);
    return this.text(entry);
  }

  /** Reports a name that is not among `known`, with the nearest one. */
  unknown(
    where: string,
    kind: 'key' | 'role' | 'permission' | 'algorithm',
    name: string,
    known: readonly string[],
  ): void {
    const nearest = nearestName(name, known);
    const kinds = { key: 'ключ', role: 'роль', permission: 'разрешение', algorithm: 'алгоритм' } as const;
    const unknown = {
      key: 'неизвестный',
      role: 'неизвестная',
      permission: 'неизвестное',
      algorithm: 'неизвестный',
    } as const;
    this.report(
      where,
      `unknown ${kind} ${name}${nearest === null ? '' : `; did you mean ${nearest}?`}`,
      `${unknown[kind]} ${kinds[kind]} ${name}${nearest === null ? '' : `; возможно, имелось в виду ${nearest}?`}`,
    );
  }

  private parse(text: string): ReturnType<typeof parseDocument> {
    try {
      return parseDocument(text, { lineCounter: this.lines, uniqueKeys: false, schema: 'core' });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.report(this.path, 'is nested too deeply', 'слишком глубокая вложенность');
      throw new Problems(...this.problems);
    }
  }

  private at(offset: number | undefined): string {
    return `${this.path}:${this.lines.linePos(offset ?? 0).line}`;
  }
}
