import { OPTION_GROUPS, type Option, type OptionGroup } from './option-types.ts';
import { configName, DEFAULT_CONFIG, OPTIONS, type OptionKey } from './options.ts';
import { formatValue } from './parse-value.ts';
import { isFileKey } from './sources.ts';

export interface SampleOptions {
  readonly lang: 'en' | 'ru';
  /** Values written as active lines; every other option is a comment with its default. */
  readonly values?: Readonly<Partial<Record<OptionKey, string>>>;
  /** Options to omit, because the start command sets them by flags. */
  readonly leaveOut?: readonly OptionKey[];
}

const HEAD = {
  en: [
    'Configuration of rpc-dart-router. Keys are flag names; flags and ROUTER_* variables override this file.',
    'Lines without "#" are active; the others show the defaults.',
    'Check: rpc-dart-router --check-config --config FILE. A reload applies all options not marked "restart".',
  ],
  ru: [
    'Конфигурация rpc-dart-router. Ключи — имена флагов; флаги и переменные ROUTER_* имеют приоритет над этим файлом.',
    'Строки без «#» действуют; остальные показывают значения по умолчанию.',
    'Проверка: rpc-dart-router --check-config --config ФАЙЛ. Reload применяет все опции без пометки «перезапуск».',
  ],
} as const;

const NOTES = {
  en: { restart: 'restart', newConnections: 'for new connections', live: '' },
  ru: { restart: 'перезапуск', newConnections: 'для новых соединений', live: '' },
} as const;

/** A commented config.yaml with every option allowed in a file, from the option table. */
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
  // a file with comments only is rejected, so one line is active
  const given = (values ?? { port: String(DEFAULT_CONFIG.port) })[option.key as OptionKey];
  const note = NOTES[lang][option.reload];
  const comment = `# ${option.doc[lang]}${note === '' ? '' : ` (${note})`}`;
  const value = asYaml(given ?? formatValue(option, DEFAULT_CONFIG[configName(option)]));
  // no default: an example value would look like one
  const line = `${option.key}:${value === '' ? '' : ` ${value}`}`;
  return `${comment}\n${given === undefined ? `#${line}` : line}`;
}

/** A YAML scalar: quoted where YAML would read the plain text as another type. */
export function asYaml(text: string): string {
  const isPlain = /^[\w./][\w./-]*$/.test(text) && !/^null$/i.test(text);
  return text === '' || isPlain ? text : JSON.stringify(text);
}
