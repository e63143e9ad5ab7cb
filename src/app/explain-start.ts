import type { RouterConfig } from '../config/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';

/** What went wrong at the start, and what to do about it. */
export function explainStart(error: unknown, config: RouterConfig): Text {
  if (error instanceof Problems && error.list[0] !== undefined) return error.list[0];
  const { code, message, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (port === -1) return explainSocket(address ?? '', message, error);
  const where = `${address ?? config.host}:${port ?? config.port}`;
  const cannot = code === undefined ? undefined : CANNOT_LISTEN[code];
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
  ENOTFOUND: { en: 'unknown host name', ru: 'неизвестное имя хоста' },
};

function explainSocket(path: string, message: string, error: unknown): Text {
  return {
    en: `Cannot open the control socket ${path}: ${message}; check that its folder is there and writable`,
    ru: `Не удалось открыть управляющий сокет ${path}: ${explainSystemError(error).ru}; проверьте, что его папка есть и доступна для записи`,
  };
}
