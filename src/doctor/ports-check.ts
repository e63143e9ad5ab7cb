import { createServer } from 'node:net';
import { openPorts } from '../daemon/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, fail, ok } from './finding.ts';

const messages = defineMessages({
  own: { en: '{where}: the router listens on it', ru: '{where}: на нём слушает роутер' },
  free: { en: '{where} is free', ru: '{where} свободен' },
  any: { en: '{what}: any free port', ru: '{what}: любой свободный порт' },
  taken: { en: '{where} is in use by another program', ru: '{where} занят другой программой' },
  find: {
    en: 'See which: ss -ltnp "sport = :{port}"; stop it, or choose another port with --{option}',
    ru: 'Узнайте какой: ss -ltnp "sport = :{port}"; остановите её или выберите другой порт: --{option}',
  },
  forbidden: { en: '{where} is not for this user', ru: '{where} недоступен этому пользователю' },
  allow: {
    en: 'Ports below 1024 need CAP_NET_BIND_SERVICE: the service has it; or choose another with --{option}',
    ru: 'Порты ниже 1024 требуют CAP_NET_BIND_SERVICE: у сервиса оно есть; или выберите другой: --{option}',
  },
  unusable: { en: '{where} cannot be used: {error}', ru: '{where} нельзя использовать: {error}' },
  address: { en: 'Set --{option} to an address of this machine', ru: 'Укажите в --{option} адрес этой машины' },
});

interface PortOption {
  readonly host: string;
  readonly port: number;
  readonly portOption: string;
  readonly hostOption: string;
}

/** Whether the router can have its ports, or has them. */
export const portsCheck: Check = {
  name: 'ports',
  run(context) {
    const { host, port, metrics, metricsHost, metricsPort } = context.config;
    const places: PortOption[] = [{ host, port, portOption: 'port', hostOption: 'host' }];
    if (metrics) {
      places.push({ host: metricsHost, port: metricsPort, portOption: 'metrics-port', hostOption: 'metrics-host' });
    }
    return Promise.all(places.map((place) => checkPort(place, context)));
  },
};

async function checkPort({ host, port, portOption, hostOption }: PortOption, context: DoctorContext): Promise<Finding> {
  const t = messages(context.lang);
  if (port === 0) return ok(t('any', { what: portOption }));
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (isOwnPort(port, context)) return ok(t('own', { where }));
  const problem = await bindingProblem(host, port);
  if (problem === null) return ok(t('free', { where }));
  const { code, message } = problem;
  if (code === 'EADDRINUSE') return fail(t('taken', { where }), t('find', { port, option: portOption }));
  if (code === 'EACCES') return fail(t('forbidden', { where }), t('allow', { option: portOption }));
  return fail(t('unusable', { where, error: message }), t('address', { option: hostOption }));
}

/** The kernel may hide what a process has open, even from its own user: then the router's word counts. */
function isOwnPort(port: number, { daemon, status }: DoctorContext): boolean {
  const seen = daemon.pid === null ? [] : openPorts(daemon.pid);
  return [...seen, ...(status?.listening ?? [])].some((open) => open.port === port);
}

/** Listens for a moment; null when that works. */
function bindingProblem(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
