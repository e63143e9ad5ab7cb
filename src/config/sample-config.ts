import { OPTION_GROUPS } from './option-groups.ts';
import type { Option, OptionGroup } from './option-types.ts';
import { configName, DEFAULT_CONFIG, OPTIONS, type OptionKey } from './options.ts';
import { formatValue } from './parse-value.ts';
import { isFileKey } from './sources.ts';

export interface SampleOptions {
  readonly lang: 'en' | 'ru';
  /** Values that stand there in force, as they would be written by hand; all others are comments with their defaults. */
  readonly values?: Readonly<Partial<Record<OptionKey, string>>>;
  /** Options that whoever starts the router sets by flags, so that the file has no say in them. */
  readonly leaveOut?: readonly OptionKey[];
}

const HEAD = {
  en: [
    'Configuration of rpc-dart-router. Keys are the names of the flags; flags and ROUTER_* variables count more than this file.',
    'A line without "#" is in force; the others show the defaults.',
    'Check: rpc-dart-router --check-config --config FILE. What is not marked "restart" is applied by a reload.',
  ],
  ru: [
    'Конфигурация rpc-dart-router. Ключи — имена флагов; флаги и переменные ROUTER_* важнее этого файла.',
    'Строка без «#» действует; остальные показывают значения по умолчанию.',
    'Проверка: rpc-dart-router --check-config --config ФАЙЛ. Без пометки «перезапуск» применяется через reload.',
  ],
} as const;

const NOTES = {
  en: { restart: 'restart', newConnections: 'for new connections', live: '' },
  ru: { restart: 'перезапуск', newConnections: 'для новых соединений', live: '' },
} as const;

/** A commented config.yaml with every option that may stand in one, from the options table. */
export function sampleConfig(sample: SampleOptions): string {
  const sections = (Object.keys(OPTION_GROUPS) as OptionGroup[]).flatMap((group) => {
    const entries = (OPTIONS as readonly Option[])
      .filter((option) => option.group === group && belongs(option, sample))
      .map((option) => entry(option, sample));
    return entries.length === 0 ? [] : [[`# --- ${OPTION_GROUPS[group][sample.lang]} ---`, ...entries].join('\n')];
  });
  return `${HEAD[sample.lang].map((line) => `# ${line}`).join('\n')}\n\n${sections.join('\n\n')}\n`;
}

function belongs(option: Option, { leaveOut }: SampleOptions): boolean {
  if (option.hidden === true || !isFileKey(option) || option.group === 'commands') return false;
  return leaveOut?.includes(option.key as OptionKey) !== true;
}

function entry(option: Option, { lang, values }: SampleOptions): string {
  // a file of comments alone is refused, so one line is in force
  const given = (values ?? { port: String(DEFAULT_CONFIG.port) })[option.key as OptionKey];
  const note = NOTES[lang][option.reload];
  const comment = `# ${option.doc[lang]}${note === '' ? '' : ` (${note})`}`;
  const value = asYaml(given ?? formatValue(option, DEFAULT_CONFIG[configName(option)]));
  // nothing by default: an example would look like a default
  const line = `${option.key}:${value === '' ? '' : ` ${value}`}`;
  return `${comment}\n${given === undefined ? `#${line}` : line}`;
}

/** A value as it stands in a YAML file: quoted, where YAML would make something else of it. */
export function asYaml(text: string): string {
  const isPlain = /^[\w./][\w./-]*$/.test(text) && !/^null$/i.test(text);
  return text === '' || isPlain ? text : JSON.stringify(text);
}
