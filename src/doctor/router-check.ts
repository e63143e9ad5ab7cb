import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { defineMessages, type Language } from '../cli/index.ts';
import { VERSION } from '../config/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
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
    en: 'See its log: rpc-dart-router --daemon-logs; if it hangs: rpc-dart-router --daemon-stop, which kills it',
    ru: 'Смотрите лог: rpc-dart-router --daemon-logs; если завис: rpc-dart-router --daemon-stop завершит его',
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
    en: 'rpc-dart-router --daemon-restart, at a quiet time',
    ru: 'rpc-dart-router --daemon-restart в спокойное время',
  },
  refused: { en: 'The last reload was refused: {error}', ru: 'Последняя перезагрузка конфигурации отклонена: {error}' },
  reload: {
    en: 'Correct the configuration, then: rpc-dart-router --daemon-reload',
    ru: 'Исправьте конфигурацию, затем: rpc-dart-router --daemon-reload',
  },
  crowded: { en: '{current} of {max} connections in use', ru: 'Занято {current} из {max} соединений' },
  raise: { en: 'Raise max-connections and reload', ru: 'Увеличьте max-connections и перезагрузите конфигурацию' },
});

/** As in the alert of deploy/monitoring. */
const CROWDED = 0.8;

/** The router that runs here, if one does. */
export const routerCheck: Check = {
  name: 'router',
  look({ daemon, status, lang }) {
    const say = messages(lang);
    const { pid, places } = daemon;
    if (status !== null) return runningFindings(status, say, lang);
    if (isForbidden(dirname(places.pidFile))) return [warn(say('hidden', { path: places.pidFile }), say('sudo'))];
    if (pid === null) return [ok(say('none'))];
    return [fail(say('silent', { pid, socket: places.controlSocket }), say('look'))];
  },
};

/** True when a router may run there without this user knowing. */
function isForbidden(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function runningFindings(status: RouterStatus, say: ReturnType<typeof messages>, lang: Language): Finding[] {
  const { version, pid, connections, clients, reload } = status;
  const { current, max } = connections;
  const findings = [ok(say('running', { version, pid, connections: current, clients: clients.current }))];
  if (version !== VERSION) findings.push(warn(say('older', { running: version, version: VERSION }), say('restart')));
  if (reload.outcome === 'refused') {
    const [error = ''] = lang === 'ru' ? reload.errorsRu : reload.errors;
    findings.push(warn(say('refused', { error }), say('reload')));
  }
  if (current > max * CROWDED) findings.push(warn(say('crowded', { current, max }), say('raise')));
  return findings;
}
