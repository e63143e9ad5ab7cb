import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { VERSION } from '../config/index.ts';
import { commandFor, isServiceHidden, type OtherRouter, SERVICE_PID_FILE } from '../daemon/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { defineMessages, type Language } from '../text/index.ts';
import { type Check, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  none: { en: 'No router runs here', ru: 'Роутер здесь не запущен' },
  hidden: {
    en: 'No permission to look at {path}: a router may run there',
    ru: 'Нет прав смотреть на {path}: роутер может там работать',
  },
  sudo: { en: 'Use sudo, or run as the user of the router', ru: 'Используйте sudo или пользователя роутера' },
  silent: {
    en: 'The router with the PID {pid} does not answer on {socket}',
    ru: 'Роутер с PID {pid} не отвечает на {socket}',
  },
  look: {
    en: 'See its log: {logs}; if it hangs: {stop}, which kills it',
    ru: 'Смотрите лог: {logs}; если завис: {stop} завершит его',
  },
  owner: {
    en: 'It runs under the user {user}, not with this PM2 home; to command it: {command}',
    ru: 'Он работает под пользователем {user}, не с этой папкой PM2; управление им: {command}',
  },
  service: {
    en: 'It runs under the user {user}, as the systemd service {service}; to command it: {command}',
    ru: 'Он работает под пользователем {user}, как сервис systemd {service}; управление им: {command}',
  },
  running: {
    en: 'Version {version} runs with the PID {pid}: {connections} connections, {clients} clients',
    ru: 'Работает версия {version}, PID {pid}: соединений {connections}, клиентов {clients}',
  },
  older: {
    en: 'Version {running} runs, but {version} is installed',
    ru: 'Работает версия {running}, а установлена {version}',
  },
  restart: {
    en: '{command}, at a quiet time',
    ru: '{command} в спокойное время',
  },
  refused: { en: 'The last reload was refused: {error}', ru: 'Последняя перезагрузка конфигурации отклонена: {error}' },
  reload: {
    en: 'Correct the configuration, then: {command}',
    ru: 'Исправьте конфигурацию, затем: {command}',
  },
  crowded: { en: '{current} of {max} connections in use', ru: 'Занято {current} из {max} соединений' },
  raise: { en: 'Raise max-connections and reload', ru: 'Увеличьте max-connections и перезагрузите конфигурацию' },
});

/** As in the alert of deploy/monitoring. */
const CONNECTIONS_WARN_SHARE = 0.8;

/** The router that runs here, if one does. */
export const routerCheck: Check = {
  name: 'router',
  run({ daemon, status, lang, config }) {
    const t = messages(lang);
    const { pid, places, other } = daemon;
    if (status !== null) return [...runningFindings(status, other, t, lang), ...ownerFindings(other, t)];
    if (isInaccessible(dirname(places.pidFile))) return [warn(t('hidden', { path: places.pidFile }), t('sudo'))];
    if (pid === null && config.pidFile === null && isServiceHidden()) {
      return [warn(t('hidden', { path: SERVICE_PID_FILE }), t('sudo'))];
    }
    if (pid === null) return [ok(t('none'))];
    const advice = t('look', { logs: commandFor(other, 'logs'), stop: commandFor(other, 'stop') });
    return [fail(t('silent', { pid, socket: places.controlSocket }), advice), ...ownerFindings(other, t)];
  },
};

/** True when a router may run there without this user knowing. */
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
