import { createServer } from 'node:net';
import { openPorts } from '../daemon/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, fail, ok } from './finding.ts';

const messages = defineMessages({
  own: { en: '{where}: used by the router', ru: '{where}: используется роутером' },
  free: { en: '{where} is free', ru: '{where} свободен' },
  any: { en: '{option}: any free port', ru: '{option}: любой свободный порт' },
  taken: { en: '{where} is in use by another program', ru: '{where} занят другой программой' },
  find: {
    en: 'Find it: ss -ltnp "sport = :{port}"; stop it, or set another port with --{option}',
    ru: 'Найдите её: ss -ltnp "sport = :{port}"; остановите её или задайте другой порт: --{option}',
  },
  forbidden: { en: '{where}: this user may not bind the port', ru: '{where}: у пользователя нет прав занять порт' },
  allow: {
    en: 'Ports below 1024 need CAP_NET_BIND_SERVICE, which the service has; or set another port with --{option}',
    ru: 'Порты ниже 1024 требуют CAP_NET_BIND_SERVICE, которое есть у сервиса; или задайте другой порт: --{option}',
  },
  unusable: { en: '{where} cannot be used: {error}', ru: '{where} нельзя использовать: {error}' },
  address: { en: 'Set --{option} to an address of this host', ru: 'Укажите в --{option} адрес этой машины' },
});

interface PortOption {
  readonly host: string;
  readonly port: number;
  readonly portOption: string;
  readonly hostOption: string;
}

/** Checks that the ports are free or used by the router. */
export const portsCheck: Check = {
  name: 'ports',
  run(context) {
    const { host, port, metrics, metricsHost, metricsPort, api, apiHost, apiPort } = context.config;
    const paths: PortOption[] = [{ host, port, portOption: 'port', hostOption: 'host' }];
    if (metrics) {
      paths.push({ host: metricsHost, port: metricsPort, portOption: 'metrics-port', hostOption: 'metrics-host' });
    }
    if (api) paths.push({ host: apiHost, port: apiPort, portOption: 'api-port', hostOption: 'api-host' });
    return Promise.all(paths.map((place) => checkPort(place, context)));
  },
};

async function checkPort({ host, port, portOption, hostOption }: PortOption, context: DoctorContext): Promise<Finding> {
  const t = messages(context.lang);
  if (port === 0) return ok(t('any', { option: portOption }));
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (isOwnPort(port, context)) return ok(t('own', { where }));
  const problem = await bindingProblem(host, port);
  if (problem === null) return ok(t('free', { where }));
  const { code, message } = problem;
  if (code === 'EADDRINUSE') return fail(t('taken', { where }), t('find', { port, option: portOption }));
  if (code === 'EACCES') return fail(t('forbidden', { where }), t('allow', { option: portOption }));
  return fail(t('unusable', { where, error: message }), t('address', { option: hostOption }));
}

/** Uses the router status as well: the kernel may hide the open sockets of a process even from its own user. */
function isOwnPort(port: number, { daemon, status }: DoctorContext): boolean {
  const open = daemon.pid === null ? [] : openPorts(daemon.pid);
  return [...open, ...(status?.listening ?? [])].some((listener) => listener.port === port);
}

/** Tries to bind the port; null on success. */
function bindingProblem(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
