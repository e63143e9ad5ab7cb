import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { checkTokensFile, forbiddenModes, isRefusedWhenOpen, isTokensOption, openTo } from '../app/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  good: { en: 'Folders are writable, secrets are private', ru: 'Папки доступны для записи, секреты закрыты от других' },
  others: {
    en: 'The files belong to {user}; run --doctor as root to check them',
    ru: 'Файлы принадлежат {user}; для проверки запустите --doctor от root',
  },
  noFolder: { en: '{path}: no such folder', ru: '{path}: такой папки нет' },
  make: {
    en: 'sudo install -d -m 750 -o {user} {path}',
    ru: 'sudo install -d -m 750 -o {user} {path}',
  },
  unwritable: { en: '{path}: not writable by {user}', ru: '{path}: нет прав на запись у пользователя {user}' },
  own: {
    en: 'sudo chown {user} {path}, or run as the service user',
    ru: 'sudo chown {user} {path} или запускайте от пользователя сервиса',
  },
  symlink: {
    en: '{path} is a symbolic link; the router rejects it',
    ru: '{path} — символическая ссылка; роутер её отклонит',
  },
  remove: { en: 'Remove it: rm {path}', ru: 'Удалите её: rm {path}' },
  foreign: {
    en: '{path} belongs to another user; the router rejects it',
    ru: '{path} принадлежит другому пользователю; роутер его отклонит',
  },
  otherPlace: {
    en: 'Remove it, or set another path with --{option}',
    ru: 'Удалите его или задайте другой путь: --{option}',
  },
  missing: { en: '{path} is not readable by {user}', ru: '{path}: нет прав на чтение у пользователя {user}' },
  correctTokens: { en: 'Correct {path}, then reload the router', ru: 'Исправьте {path} и перезагрузите роутер' },
  giveFile: {
    en: 'Correct --{option}, or the owner and mode of the file',
    ru: 'Исправьте --{option} либо владельца и права файла',
  },
});

/** Owners and modes of the files the router writes, and of its secrets. */
export const permissionsCheck: Check = {
  name: 'permissions',
  run(context) {
    const { pidFile, logFile, controlSocket } = context.daemon.paths;
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

/** The router rejects files that another user may have placed in a shared folder. */
function writtenFileProblems(path: string, option: string, { lang }: DoctorContext): Finding[] {
  const t = messages(lang);
  const stats = statOf(path);
  if (stats === null) return [];
  if (stats.isSymbolicLink()) return [fail(t('symlink', { path }), t('remove', { path }))];
  const self = process.getuid?.() ?? stats.uid;
  if (stats.uid === self || self === 0) return [];
  return [fail(t('foreign', { path }), t('otherPlace', { option }))];
}

/** The same check as the router makes at start and on reload. */
function secretProblems({ config, lang }: DoctorContext): Finding[] {
  const t = messages(lang);
  const user = userName();
  const forbidden = forbiddenModes(config);
  const files = [
    [config.authTokensFile, 'auth-tokens-file'],
    [config.accessFile, 'access-file'],
    [config.apiTokensFile, 'api-tokens-file'],
    [config.sessionKeyFile, 'session-key-file'],
    [config.clusterSecretFile, 'cluster-secret-file'],
    [config.clusterUserFile, 'cluster-user-file'],
    [config.clusterNkeyFile, 'cluster-nkey-file'],
    [config.clusterCredsFile, 'cluster-creds-file'],
    [config.clusterTlsKey, 'cluster-tls-key'],
    [config.tlsKey, 'tls-key'],
    [config.tlsCert, 'tls-cert'],
    [config.tlsClientCa, 'tls-client-ca'],
  ] as const;
  return files.flatMap(([path, option]) => {
    if (path === null) return [];
    if (!allows(path, constants.R_OK)) return [fail(t('missing', { path, user }), t('giveFile', { option }))];
    const open = openTo(path, statSync(path).mode, forbidden.get(path) ?? 0);
    if (open === null) return tokenProblems(path, option, lang);
    return [(isRefusedWhenOpen(path, config) ? fail : warn)(open.text[lang], open.command)];
  });
}

/** Problems in the content of a file with tokens; none for other options. */
function tokenProblems(path: string, option: string, lang: DoctorContext['lang']): Finding[] {
  if (!isTokensOption(option)) return [];
  const { problems, warnings } = checkTokensFile(path, option);
  const advice = messages(lang)('correctTokens', { path });
  return [...problems.map((text) => fail(text[lang], advice)), ...warnings.map((text) => warn(text[lang], advice))];
}

function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** The user name, or the user ID where it has no name (in containers). */
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
