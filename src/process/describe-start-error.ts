import { networkInterfaces } from 'node:os';
import type { RouterConfig } from '../config/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';

interface SystemError {
  readonly code?: string;
  readonly message: string;
  readonly port?: number;
  readonly address?: string;
  /** The host name that could not be resolved. */
  readonly hostname?: string;
}

/** Describes a failed start: the cause, and what to do about it. */
export function describeStartError(error: unknown, config: Pick<RouterConfig, 'host' | 'port'>): Text {
  if (error instanceof Problems && error.list[0] !== undefined) return error.list[0];
  const { code, message, port, address, hostname } = error as SystemError;
  if (port === -1) return describeSocketError(address ?? '', message, error);
  const host = hostname ?? address ?? config.host;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port ?? config.port}`;
  const cannot = interfaceHint(hostname) ?? (code === undefined ? undefined : CANNOT_LISTEN[code]);
  if (cannot !== undefined && (code !== 'EACCES' || port !== undefined)) {
    return { en: `Cannot listen on ${where}: ${cannot.en}`, ru: `Не удалось открыть ${where}: ${cannot.ru}` };
  }
  const { en, ru } = explainSystemError(error);
  return { en: `Cannot start: ${en}`, ru: `Не удалось запустить роутер: ${ru}` };
}

const CANNOT_LISTEN: Readonly<Record<string, Text>> = {
  EADDRINUSE: {
    en: 'the port is in use; stop the other program or choose another port',
    ru: 'порт занят; остановите другую программу или выберите другой порт',
  },
  EACCES: {
    en: 'no permission; ports below 1024 need CAP_NET_BIND_SERVICE',
    ru: 'нет прав; для портов ниже 1024 нужна CAP_NET_BIND_SERVICE',
  },
  EADDRNOTAVAIL: { en: 'this machine has no such address', ru: 'у этой машины нет такого адреса' },
  EAFNOSUPPORT: { en: 'this machine has no IPv6', ru: 'на этой машине нет IPv6' },
  EINVAL: {
    en: 'the address is not complete (a link-local one needs its interface: fe80::1%eth0)',
    ru: 'адрес неполный (для link-local нужен интерфейс: fe80::1%eth0)',
  },
  ENOTFOUND: { en: 'unknown host name', ru: 'неизвестное имя хоста' },
  EAI_AGAIN: {
    en: 'the host name cannot be resolved at present; give an IP address of this machine',
    ru: 'имя хоста сейчас не разрешается; укажите IP-адрес этой машины',
  },
};

/** A host that is the name of a network interface. */
function interfaceHint(hostname: string | undefined): Text | undefined {
  const addresses = hostname === undefined ? undefined : networkInterfaces()[hostname];
  if (addresses === undefined) return undefined;
  const list = addresses.map(({ address }) => address).join(', ');
  return {
    en: `that is a network interface; give one of its addresses: ${list}`,
    ru: `это сетевой интерфейс; укажите один из его адресов: ${list}`,
  };
}

function describeSocketError(path: string, message: string, error: unknown): Text {
  return {
    en: `Cannot open the control socket ${path}: ${message}; check that its folder is there and writable`,
    ru: `Не удалось открыть управляющий сокет ${path}: ${explainSystemError(error).ru}; проверьте, что его папка есть и доступна для записи`,
  };
}
