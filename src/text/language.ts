import type { Language } from './text.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `--lang`, else the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`: the first that is set counts), else English. */
export function chooseLanguage(given: string | null, env: Environment): Language {
  if (given === 'en' || given === 'ru') return given;
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value !== undefined && value !== '');
  return locale !== undefined && /^ru([_.@-]|$)/i.test(locale) ? 'ru' : 'en';
}
