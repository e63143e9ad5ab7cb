import { bothLanguages, type Text } from './text.ts';

/** What the system's error codes mean, for people who read Russian; Node says the English itself. */
const RUSSIAN: Readonly<Record<string, string>> = {
  ENOENT: 'нет такого файла или папки',
  EACCES: 'нет прав доступа',
  EPERM: 'операция не разрешена',
  EISDIR: 'это папка, а нужен файл',
  ENOTDIR: 'часть пути не является папкой',
  ELOOP: 'символическая ссылка',
  ENOSPC: 'на диске нет места',
  EROFS: 'файловая система доступна только для чтения',
  EMFILE: 'слишком много открытых файлов',
  ENAMETOOLONG: 'слишком длинное имя',
  EADDRINUSE: 'порт занят',
  EADDRNOTAVAIL: 'у этой машины нет такого адреса',
  ENOTFOUND: 'неизвестное имя хоста',
};

/** Why a system call failed. An error that is none of the system's speaks for itself in every language. */
export function explainSystemError(error: unknown): Text {
  const message = error instanceof Error ? error.message : String(error);
  const { code } = error as { code?: unknown };
  const russian = typeof code === 'string' ? RUSSIAN[code] : undefined;
  return russian === undefined ? bothLanguages(message) : { en: message, ru: `${russian} (${String(code)})` };
}
