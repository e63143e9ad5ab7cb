import { accessSync, constants, lstatSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { defineMessages } from '../cli/index.ts';
import { type Check, type DoctorWorld, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  good: { en: 'Folders can be written, secrets are not open', ru: 'Папки доступны для записи, секреты закрыты' },
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
  readable: { en: '{path} can be read by others: mode {mode}', ru: '{path} доступен для чтения другим: права {mode}' },
  close: { en: 'chmod 600 {path}', ru: 'chmod 600 {path}' },
  missing: { en: '{path} cannot be read by {user}', ru: '{path} не может прочитать пользователь {user}' },
  giveFile: {
    en: 'Correct --{option}, or owner and mode of the file',
    ru: 'Исправьте --{option} либо владельца и права файла',
  },
});

const OTHERS_MAY_READ = 0o004;
const GROUP_OR_OTHERS = 0o077;

/** Owners and modes of what the router writes, and of what it has to keep secret. */
export const permissionsCheck: Check = {
  name: 'permissions',
  look(world) {
    const { pidFile, logFile, controlSocket } = world.daemon.places;
    const folders = new Set([pidFile, logFile, controlSocket].map((path) => dirname(path)));
    const findings = [
      ...[...folders].flatMap((folder) => folderProblems(folder, world)),
      ...writtenFileProblems(pidFile, 'pid-file', world),
      ...writtenFileProblems(logFile, 'log-file', world),
      ...secretProblems(world),
    ];
    return findings.length > 0 ? findings : [ok(messages(world.lang)('good'))];
  },
};

function folderProblems(path: string, { lang }: DoctorWorld): Finding[] {
  const say = messages(lang);
  const user = userName();
  if (statOf(path) === null) return [fail(say('noFolder', { path }), say('make', { path, user }))];
  if (allows(path, constants.W_OK | constants.X_OK)) return [];
  return [fail(say('unwritable', { path, user }), say('own', { path, user }))];
}

/** The router refuses what somebody else may have put into a shared folder. */
function writtenFileProblems(path: string, option: string, { lang }: DoctorWorld): Finding[] {
  const say = messages(lang);
  const stats = statOf(path);
  if (stats === null) return [];
  if (stats.isSymbolicLink()) return [fail(say('symlink', { path }), say('remove', { path }))];
  const self = process.getuid?.() ?? stats.uid;
  if (stats.uid === self || self === 0) return [];
  return [fail(say('foreign', { path }), say('otherPlace', { option }))];
}

function secretProblems(world: DoctorWorld): Finding[] {
  const { tlsKey, tlsCert, tlsClientCa, authTokensFile } = world.config;
  return [
    ...secretFile(authTokensFile, 'auth-tokens-file', OTHERS_MAY_READ, fail, world),
    ...secretFile(tlsKey, 'tls-key', GROUP_OR_OTHERS, warn, world),
    ...secretFile(tlsCert, 'tls-cert', 0, warn, world),
    ...secretFile(tlsClientCa, 'tls-client-ca', 0, warn, world),
  ];
}

function secretFile(
  path: string | null,
  option: string,
  forbidden: number,
  judge: (text: string, advice: string) => Finding,
  { lang }: DoctorWorld,
): Finding[] {
  if (path === null) return [];
  const say = messages(lang);
  const user = userName();
  if (!allows(path, constants.R_OK)) return [fail(say('missing', { path, user }), say('giveFile', { option }))];
  const mode = (statOf(path)?.mode ?? 0) & 0o777;
  if ((mode & forbidden) === 0) return [];
  return [judge(say('readable', { path, mode: mode.toString(8) }), say('close', { path }))];
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
