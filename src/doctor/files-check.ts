import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { forbiddenModes, isRefusedWhenOpen, openTo } from '../app/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  good: { en: 'Folders can be written, secrets are not open', ru: 'Папки доступны для записи, секреты закрыты' },
  others: { en: 'The files are those of {user}: check as root', ru: 'Файлы принадлежат {user}: проверяйте как root' },
  noFolder: { en: '{path}: there is no such folder', ru: '{path}: такой папки нет' },
  make: {
    en: 'sudo install -d -m 750 -o {user} {path}',
    ru: 'sudo install -d -m 750 -o {user} {path}',
  },
  unwritable: { en: '{path}: {user} may not write here', ru: '{path}: пользователь {user} не может сюда писать' },
  own: {
    en: 'sudo chown {user} {path}, or run as the user of the service',
    ru: 'sudo chown {user} {path} или запускайте от пользователя сервиса',
  },
  symlink: {
    en: '{path} is a symbolic link, which the router refuses',
    ru: '{path} — символическая ссылка, роутер её не примет',
  },
  remove: { en: 'Remove it: rm {path}', ru: 'Удалите её: rm {path}' },
  foreign: {
    en: '{path} belongs to another user, which the router refuses',
    ru: '{path} принадлежит другому пользователю, роутер его не примет',
  },
  otherPlace: { en: 'Remove it, or choose another with --{option}', ru: 'Удалите его или выберите другой: --{option}' },
  missing: { en: '{path} cannot be read by {user}', ru: '{path} не может прочитать пользователь {user}' },
  giveFile: {
    en: 'Correct --{option}, or owner and mode of the file',
    ru: 'Исправьте --{option} либо владельца и права файла',
  },
});

/** Owners and modes of what the router writes, and of what it has to keep secret. */
export const permissionsCheck: Check = {
  name: 'permissions',
  run(context) {
    const { pidFile, logFile, controlSocket } = context.daemon.places;
    const { other } = context.daemon;
    if (other !== null && process.getuid?.() !== 0) {
      return [ok(messages(context.lang)('others', { user: other.owner.user }))];
    }
    const folders = new Set([pidFile, logFile, controlSocket].map((path) => dirname(path)));
    const findings = [
      ...[...folders].flatMap((folder) => folderProblems(folder, context)),
      ...writtenFileProblems(pidFile, 'pid-file', context),
      ...writtenFileProblems(logFile, 'log-file', context),
      ...secretProblems(context),
    ];
    return findings.length > 0 ? findings : [ok(messages(context.lang)('good'))];
  },
};

function folderProblems(path: string, { lang }: DoctorContext): Finding[] {
  const t = messages(lang);
  const user = userName();
  if (statOf(path) === null) return [fail(t('noFolder', { path }), t('make', { path, user }))];
  if (allows(path, constants.W_OK | constants.X_OK)) return [];
  return [fail(t('unwritable', { path, user }), t('own', { path, user }))];
}

/** The router refuses what somebody else may have put into a shared folder. */
function writtenFileProblems(path: string, option: string, { lang }: DoctorContext): Finding[] {
  const t = messages(lang);
  const stats = statOf(path);
  if (stats === null) return [];
  if (stats.isSymbolicLink()) return [fail(t('symlink', { path }), t('remove', { path }))];
  const self = process.getuid?.() ?? stats.uid;
  if (stats.uid === self || self === 0) return [];
  return [fail(t('foreign', { path }), t('otherPlace', { option }))];
}

/** The check that the router makes at its start and at each reload. */
function secretProblems({ config, lang }: DoctorContext): Finding[] {
  const t = messages(lang);
  const user = userName();
  const forbidden = forbiddenModes(config);
  const files = [
    [config.authTokensFile, 'auth-tokens-file'],
    [config.tlsKey, 'tls-key'],
    [config.tlsCert, 'tls-cert'],
    [config.tlsClientCa, 'tls-client-ca'],
  ] as const;
  return files.flatMap(([path, option]) => {
    if (path === null) return [];
    if (!allows(path, constants.R_OK)) return [fail(t('missing', { path, user }), t('giveFile', { option }))];
    const open = openTo(path, statSync(path).mode, forbidden.get(path) ?? 0);
    if (open === null) return [];
    return [(isRefusedWhenOpen(path, config) ? fail : warn)(open.text[lang], open.command)];
  });
}

function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** A container may run under a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '?');
  }
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
