import type { Option } from './option-types.ts';
import { MIB } from './units.ts';

const command = { type: 'boolean', default: false, scope: 'command', reload: 'restart', flagOnly: true } as const;
const daemonCommand = { ...command, group: 'daemon' } as const;
const otherCommand = { ...command, group: 'commands' } as const;
const daemon = { group: 'daemon', scope: 'daemon', reload: 'restart' } as const;

/** Commands, and the options of the daemon commands. */
export const DAEMON_OPTIONS = [
  {
    key: 'daemon-start',
    alias: ['d', 'daemon'],
    ...daemonCommand,
    doc: { en: 'Start the router in the background, under PM2', ru: 'Запустить daemon в фоне, под PM2' },
  },
  {
    key: 'daemon-stop',
    ...daemonCommand,
    doc: { en: 'Stop the daemon (SIGTERM, then SIGKILL)', ru: 'Остановить daemon (SIGTERM → SIGKILL)' },
  },
  {
    key: 'daemon-status',
    ...daemonCommand,
    doc: { en: 'Show the state of the daemon', ru: 'Показать детальный статус daemon' },
  },
  {
    key: 'daemon-reload',
    ...daemonCommand,
    doc: {
      en: 'Reload the configuration (SIGHUP); given options replace those it was started with',
      ru: 'Перезагрузить конфигурацию (SIGHUP); указанные опции заменяют прежние',
    },
  },
  {
    key: 'daemon-restart',
    ...daemonCommand,
    doc: {
      en: 'Restart the daemon gracefully, with the same options',
      ru: 'Мягко перезапустить daemon с теми же опциями',
    },
  },
  { key: 'daemon-logs', ...daemonCommand, doc: { en: 'Show the log of the daemon', ru: 'Показать лог daemon' } },
  {
    key: 'daemon-settle',
    ...daemonCommand,
    hidden: true,
    doc: {
      en: 'Show a router that ended for good as stopped in PM2; the router itself starts this at its end',
      ru: 'Отметить завершившийся роутер в PM2 как остановленный; роутер сам запускает это в конце',
    },
  },
  {
    key: 'name',
    type: 'text',
    default: 'rpc-dart-router',
    ...daemon,
    doc: {
      en: 'Name of the daemon in PM2; another one for a second router',
      ru: 'Имя daemon в PM2; другое — для второго роутера',
    },
  },
  {
    key: 'json',
    type: 'boolean',
    default: false,
    ...daemon,
    flagOnly: true,
    doc: { en: 'Answer in JSON, for scripts', ru: 'Ответ в JSON, для скриптов' },
  },
  {
    key: 'follow',
    alias: ['f'],
    type: 'boolean',
    default: false,
    ...daemon,
    flagOnly: true,
    doc: { en: 'Go on showing new log lines', ru: 'Следить за новыми строками лога' },
  },
  {
    key: 'lines',
    type: 'integer',
    default: 50,
    range: [0, 1_000_000],
    ...daemon,
    flagOnly: true,
    doc: { en: 'Log lines to show', ru: 'Сколько строк лога показать' },
  },
  {
    key: 'max-memory',
    type: 'bytes',
    default: 900 * MIB,
    range: [64 * MIB, 1024 * 1024 * MIB],
    ...daemon,
    doc: { en: 'Memory at which PM2 restarts the daemon', ru: 'Память, при которой PM2 перезапускает daemon' },
  },
  {
    key: 'log-rotation',
    type: 'boolean',
    default: true,
    ...daemon,
    doc: { en: 'Rotate the log; --no-log-rotation leaves it alone', ru: 'Ротация лога; --no-log-rotation отключает' },
  },
  {
    key: 'log-rotator',
    type: 'choice',
    default: 'rename',
    choices: ['rename', 'pm2-logrotate'],
    ...daemon,
    doc: {
      en: 'What rotates: rename loses no lines; pm2-logrotate copies and truncates, for every program in this PM2',
      ru: 'Чем ротировать: rename не теряет строк; pm2-logrotate копирует и обрезает, у всех программ этого PM2',
    },
  },
  {
    key: 'supervised',
    type: 'boolean',
    default: false,
    group: 'process',
    scope: 'router',
    reload: 'restart',
    hidden: true,
    flagOnly: true,
    doc: {
      en: 'Runs under PM2: a stop that was asked for ends with exit code 143, by which PM2 does not start it again',
      ru: 'Работает под PM2: по запросу останавливается с кодом 143, и PM2 не запускает его снова',
    },
  },
  {
    key: 'end-pm2',
    type: 'boolean',
    default: false,
    ...daemon,
    doc: {
      en: 'End PM2 when the router was stopped and PM2 runs nothing else, so that a systemd unit ends too',
      ru: 'Завершать PM2, когда роутер остановлен и больше под ним ничего нет, чтобы завершался и сервис systemd',
    },
  },
  {
    key: 'node-options',
    type: 'text',
    default: null,
    ...daemon,
    doc: {
      en: "NODE_OPTIONS of the daemon's process; those of the shell are not passed on to it",
      ru: 'NODE_OPTIONS процесса daemon; значение из оболочки ему не передаётся',
    },
  },
  {
    key: 'output-file',
    type: 'path',
    default: null,
    group: 'process',
    scope: 'router',
    reload: 'restart',
    hidden: true,
    flagOnly: true,
    doc: {
      en: 'File that PM2 writes standard output to, for the router to rotate',
      ru: 'Файл, в который PM2 пишет стандартный вывод; его ротирует роутер',
    },
  },
  {
    key: 'log-max-size',
    type: 'bytes',
    default: 10 * MIB,
    range: [1024, 1024 * 1024 * MIB],
    ...daemon,
    doc: { en: 'Size at which the log is rotated', ru: 'Размер лога, при котором он ротируется' },
  },
  {
    key: 'log-retain',
    type: 'integer',
    default: 30,
    range: [1, 10_000],
    ...daemon,
    doc: { en: 'Rotated logs to keep', ru: 'Сколько старых логов хранить' },
  },
  {
    key: 'check-config',
    ...otherCommand,
    doc: {
      en: 'Check the configuration, show it with the source of each value, and exit',
      ru: 'Проверить конфигурацию, показать её с источниками значений и выйти',
    },
  },
  {
    key: 'doctor',
    ...otherCommand,
    doc: { en: 'Check this machine and say what to do', ru: 'Проверить машину и подсказать, что сделать' },
  },
  {
    key: 'top',
    ...otherCommand,
    doc: { en: 'Live view of a running router; q quits', ru: 'Живой вид работающего роутера; q — выход' },
  },
  {
    key: 'metrics-url',
    type: 'text',
    default: null,
    ...daemon,
    group: 'commands',
    doc: {
      en: 'Router to look at with --top, for instance http://127.0.0.1:9090',
      ru: 'Роутер для --top, например http://127.0.0.1:9090',
    },
  },
  { key: 'help', ...otherCommand, doc: { en: 'Show this help', ru: 'Показать эту справку' } },
  { key: 'version', ...otherCommand, doc: { en: 'Show the version', ru: 'Показать версию' } },
] as const satisfies readonly Option[];
