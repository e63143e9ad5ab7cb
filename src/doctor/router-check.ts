import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { VERSION } from '../config/index.ts';
import { commandFor, isServiceHidden, type OtherRouter, SERVICE_PID_FILE } from '../daemon/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { defineMessages, type Language } from '../text/index.ts';
import { type Check, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  none: { en: 'No router is running', ru: 'Роутер не запущен' },
  hidden: {
    en: 'No permission to read {path}: a router may be running there',
    ru: 'Нет прав на чтение {path}: там может работать роутер',
  },
  sudo: { en: 'Use sudo, or run as the router user', ru: 'Используйте sudo или запускайте от пользователя роутера' },
  silent: {
    en: 'The router with PID {pid} does not respond on {socket}',
    ru: 'Роутер с PID {pid} не отвечает на {socket}',
  },
  inspect: {
    en: 'Read its log: {logs}; if it hangs, kill it: {stop}',
    ru: 'Прочитайте лог: {logs}; если роутер завис, завершите его: {stop}',
  },
  owner: {
    en: 'Runs as user {user} with another PM2_HOME; control it with: {command}',
    ru: 'Работает под пользователем {user} с другим PM2_HOME; управление: {command}',
  },
  service: {
    en: 'Runs as user {user} in the systemd service {service}; control it with: {command}',
    ru: 'Работает под пользователем {user} как сервис systemd {service}; управление: {command}',
  },
  running: {
    en: 'Version {version} is running with PID {pid}: {connections} connections, {clients} clients',
    ru: 'Работает версия {version}, PID {pid}: соединений {connections}, клиентов {clients}',
  },
  older: {
    en: 'Version {running} is running, but {version} is installed',
    ru: 'Работает версия {running}, а установлена {version}',
  },
  restart: {
    en: '{command} in a maintenance window',
    ru: '{command} в период обслуживания',
  },
  refused: {
    en: 'The last reload was rejected: {error}',
    ru: 'Последняя перезагрузка конфигурации отклонена: {error}',
  },
  reload: {
    en: 'Correct the configuration, then: {command}',
    ru: 'Исправьте конфигурацию, затем: {command}',
  },
  crowded: { en: '{current} of {max} connections in use', ru: 'Занято {current} из {max} соединений' },
  raise: { en: 'Raise max-connections and reload', ru: 'Увеличьте max-connections и перезагрузите конфигурацию' },
});

/** Same threshold as the alert in deploy/monitoring. */
const CONNECTIONS_WARN_SHARE = 0.8;

/** State of the local router. */
export const routerCheck: Check = {
  name: 'router',
  run({ daemon, status, lang, config }) {
    const t = messages(lang);
    const { pid, paths, other } = daemon;
    if (status !== null) return [...runningFindings(status, other, t, lang), ...ownerFindings(other, t)];
    if (isInaccessible(dirname(paths.pidFile))) return [warn(t('hidden', { path: paths.pidFile }), t('sudo'))];
    if (pid === null && config.pidFile === null && isServiceHidden()) {
      return [warn(t('hidden', { path: SERVICE_PID_FILE }), t('sudo'))];
    }
    if (pid === null) return [ok(t('none'))];
    const advice = t('inspect', { logs: commandFor(other, 'logs'), stop: commandFor(other, 'stop') });
    return [fail(t('silent', { pid, socket: paths.controlSocket }), advice), ...ownerFindings(other, t)];
  },
};

/** True if this user may not enter the folder, so that a router in it would be invisible. */
function isInaccessible(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

type Translator = ReturnType<typeof messages>;

function ownerFindings(other: OtherRouter | null, t: Translator): Finding[] {
  if (other === null) return [];
  const { user, service } = other.owner;
  const command = commandFor(other, 'restart');
  return [ok(service === null ? t('owner', { user, command }) : t('service', { user, service, command }))];
}

function runningFindings(status: RouterStatus, other: OtherRouter | null, t: Translator, lang: Language): Finding[] {
  const { version, pid, connections, clients, reload } = status;
  const { current, max } = connections;
  const findings = [ok(t('running', { version, pid, connections: current, clients: clients.current }))];
  if (version !== VERSION)
    findings.push(
      warn(t('older', { running: version, version: VERSION }), t('restart', { command: commandFor(other, 'restart') })),
    );
  if (reload.outcome === 'refused') {
    const [error = ''] = lang === 'ru' ? reload.errorsRu : reload.errors;
    findings.push(warn(t('refused', { error }), t('reload', { command: commandFor(other, 'reload') })));
  }
  if (current > max * CONNECTIONS_WARN_SHARE) findings.push(warn(t('crowded', { current, max }), t('raise')));
  return findings;
}
