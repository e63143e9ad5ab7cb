import { bothLanguages, type Text } from './text.ts';

/** Russian texts of system error codes; Node supplies the English ones. */
const RUSSIAN: Readonly<Record<string, string>> = {
  ENOENT: 'нет такого файла или папки',
  EACCES: 'нет прав доступа',
  EPERM: 'операция не разрешена',
  EISDIR: 'это папка, а нужен файл',
  ENOTDIR: 'часть пути не является папкой',
  ELOOP: 'символическая ссылка',
  ENOSPC: 'на диске нет места',
  EDQUOT: 'исчерпана дисковая квота',
  EROFS: 'файловая система доступна только для чтения',
  EMFILE: 'слишком много открытых файлов',
  ENAMETOOLONG: 'слишком длинное имя',
  EADDRINUSE: 'порт занят',
  EADDRNOTAVAIL: 'у этой машины нет такого адреса',
  ENOTFOUND: 'неизвестное имя хоста',
};

const FOLDER_GONE: Text = {
  en: 'the working folder does not exist any more; change to another one (cd) and run the command again',
  ru: 'текущая папка удалена; перейдите в другую (cd) и повторите команду',
};

/** True for an error of a system call, which its message explains without a stack trace. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** Text of a failed system call. Other errors keep their message in both languages. */
export function explainSystemError(error: unknown): Text {
  const message = error instanceof Error ? error.message : String(error);
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (code === 'ENOENT' && syscall === 'uv_cwd') return FOLDER_GONE;
  const russian = typeof code === 'string' ? RUSSIAN[code] : undefined;
  return russian === undefined ? bothLanguages(message) : { en: message, ru: `${russian} (${String(code)})` };
}
