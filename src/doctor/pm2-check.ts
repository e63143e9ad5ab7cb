import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isPm2Running, pm2Home, pm2Pid, pm2Socket } from '../daemon/index.ts';
import { isAlive, packageFile } from '../host/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  version: { en: 'PM2 {version} is bundled with the router', ru: 'С роутером поставляется PM2 {version}' },
  missing: { en: 'PM2 is not installed', ru: 'PM2 не установлен' },
  install: { en: 'Run npm ci in the router folder', ru: 'Выполните npm ci в папке роутера' },
  hidden: { en: '{home}: no permission', ru: '{home}: нет прав доступа' },
  running: { en: 'PM2 {running} is running, PM2_HOME is {home}', ru: 'Работает PM2 {running}, PM2_HOME: {home}' },
  other: {
    en: 'PM2 {running} is running, but {version} is bundled with the router',
    ru: 'Работает PM2 {running}, а с роутером поставляется {version}',
  },
  update: {
    en: 'npx pm2 update in a maintenance window: it restarts all PM2 processes',
    ru: 'npx pm2 update в период обслуживания: перезапускает все процессы PM2',
  },
  idle: { en: 'PM2 is not running, PM2_HOME is {home}', ru: 'PM2 не запущен, PM2_HOME: {home}' },
  dead: {
    en: 'PM2 with PID {pid} has exited and left its files in {home}',
    ru: 'PM2 с PID {pid} завершился и оставил файлы в {home}',
  },
  clean: {
    en: 'No action needed: the next --daemon-start removes them',
    ru: 'Действий не требуется: их удалит следующий --daemon-start',
  },
  frozen: { en: 'PM2 with PID {pid} does not respond', ru: 'PM2 с PID {pid} не отвечает' },
  kill: { en: 'kill -9 {pid}, then start the daemon again', ru: 'kill -9 {pid}, затем запустите daemon заново' },
  open: {
    en: '{home} is accessible to other users: mode {mode}',
    ru: '{home} доступна другим пользователям: права {mode}',
  },
  close: {
    en: 'chmod 700 {home}: PM2 stores environment variables there',
    ru: 'chmod 700 {home}: PM2 хранит там переменные окружения',
  },
  foreign: { en: '{home} belongs to another user', ru: '{home} принадлежит другому пользователю' },
  ownHome: {
    en: 'Set PM2_HOME to your own folder, or run as its owner',
    ru: 'Задайте в PM2_HOME свою папку или запускайте от имени её владельца',
  },
  long: { en: '{home}: path too long for PM2 sockets', ru: '{home}: слишком длинный путь для сокетов PM2' },
  shorten: { en: 'Set PM2_HOME to a shorter path', ru: 'Задайте в PM2_HOME путь короче' },
});

/** Maximum length of a Unix socket path. */
const SOCKET_PATH_BYTES = 107;
const GROUP_OR_OTHERS = 0o077;

export const pm2Check: Check = {
  name: 'pm2',
  async run(context) {
    const t = messages(context.lang);
    const version = installedVersion();
    if (version === null) return [fail(t('missing'), t('install'))];
    const home = pm2Home(context.env);
    // the router runs under the PM2 of another user
    if (context.daemon.other !== null && isInaccessible(home))
      return [ok(t('version', { version })), ok(t('hidden', { home }))];
    return [ok(t('version', { version })), await runningFinding(version, context), ...homeProblems(context)];
  },
};

function isInaccessible(home: string): boolean {
  try {
    accessSync(home, constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Reads package.json without loading PM2. npm installs it in this package, or next to it if hoisted. */
function installedVersion(): string | null {
  for (const folder of ['node_modules/pm2', '../pm2']) {
    try {
      const text = readFileSync(packageFile(`${folder}/package.json`), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // try the next location
    }
  }
  return null;
}

async function runningFinding(version: string, { env, lang, procFolder }: DoctorContext): Promise<Finding> {
  const t = messages(lang);
  const home = pm2Home(env);
  const pid = pm2Pid(env);
  if (pid === null) return ok(t('idle', { home }));
  if (!isAlive(pid)) return warn(t('dead', { pid, home }), t('clean'));
  const running = titleVersion(pid, procFolder);
  if (running === null) return warn(t('dead', { pid, home }), t('clean')); // another process reuses the PID
  if (!(await isPm2Running(env))) return fail(t('frozen', { pid }), t('kill', { pid }));
  return running === version
    ? ok(t('running', { running, home }))
    : warn(t('other', { running, version }), t('update'));
}

/** The PM2 daemon shows its version in the process title: `PM2 v7.0.4: God Daemon (/root/.pm2)`. */
function titleVersion(pid: number, procFolder: string): string | null {
  try {
    return /^PM2 v(\S+): God Daemon/.exec(readFileSync(join(procFolder, String(pid), 'cmdline'), 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

function homeProblems({ env, lang, daemon }: DoctorContext): Finding[] {
  const t = messages(lang);
  const home = pm2Home(env);
  const findings: Finding[] = [];
  if (Buffer.byteLength(pm2Socket(env)) > SOCKET_PATH_BYTES) findings.push(fail(t('long', { home }), t('shorten')));
  const stats = statSync(home, { throwIfNoEntry: false });
  if (stats === undefined) return findings;
  if (daemon.other === null && stats.uid !== (process.getuid?.() ?? stats.uid))
    findings.push(fail(t('foreign', { home }), t('ownHome')));
  const mode = stats.mode & 0o777;
  if ((mode & GROUP_OR_OTHERS) !== 0) {
    findings.push(warn(t('open', { home, mode: mode.toString(8) }), t('close', { home })));
  }
  return findings;
}
