import { MIB, type Option } from './option-types.ts';
import { CONTROL_OPTIONS } from './options-control.ts';

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
    doc: { en: 'Show the detailed status of the daemon', ru: 'Показать детальный статус daemon' },
  },
  {
    key: 'daemon-reload',
    ...daemonCommand,
    doc: {
      en: 'Reload the configuration (SIGHUP); options given here replace the previous ones',
      ru: 'Перезагрузить конфигурацию (SIGHUP); указанные опции заменяют прежние',
    },
  },
  {
    key: 'daemon-restart',
    ...daemonCommand,
    doc: {
      en: 'Restart the daemon gracefully with the same options',
      ru: 'Мягко перезапустить daemon с теми же опциями',
    },
  },
  { key: 'daemon-logs', ...daemonCommand, doc: { en: 'Show the daemon log', ru: 'Показать лог daemon' } },
  {
    key: 'daemon-settle',
    ...daemonCommand,
    hidden: true,
    doc: {
      en: 'Mark a finished router as stopped in PM2; the router starts this itself on exit',
      ru: 'Отметить завершившийся роутер в PM2 как остановленный; роутер запускает это сам при выходе',
    },
  },
  {
    key: 'name',
    type: 'text',
    default: 'rpc-dart-router',
    ...daemon,
    doc: {
      en: 'Name of the daemon in PM2; use another one for a second router',
      ru: 'Имя daemon в PM2; для второго роутера задайте другое',
    },
  },
  {
    key: 'rolling',
    type: 'boolean',
    default: false,
    ...daemon,
    flagOnly: true,
    doc: {
      en: 'With --daemon-restart: replace the workers one at a time, without an interruption',
      ru: 'С --daemon-restart: заменить рабочие процессы по одному, без перерыва в работе',
    },
  },
  {
    key: 'json',
    type: 'boolean',
    default: false,
    ...daemon,
    flagOnly: true,
    doc: { en: 'Print JSON, for scripts', ru: 'Вывод в JSON, для скриптов' },
  },
  {
    key: 'follow',
    alias: ['f'],
    type: 'boolean',
    default: false,
    ...daemon,
    flagOnly: true,
    doc: { en: 'Keep printing new log lines', ru: 'Выводить новые строки лога по мере появления' },
  },
  {
    key: 'lines',
    type: 'integer',
    default: 50,
    range: [0, 1_000_000],
    ...daemon,
    flagOnly: true,
    doc: { en: 'Number of log lines to show', ru: 'Сколько строк лога показать' },
  },
  {
    key: 'max-memory',
    type: 'bytes',
    default: 900 * MIB,
    range: [64 * MIB, 1024 * 1024 * MIB],
    ...daemon,
    doc: {
      en: 'Memory limit at which PM2 restarts the daemon',
      ru: 'Объём памяти, при котором PM2 перезапускает daemon',
    },
  },
  {
    key: 'log-rotation',
    type: 'boolean',
    default: true,
    ...daemon,
    doc: {
      en: 'Rotate the daemon log; --no-log-rotation disables it',
      ru: 'Ротация лога daemon; --no-log-rotation отключает её',
    },
  },
  {
    key: 'log-rotator',
    type: 'choice',
    default: 'rename',
    choices: ['rename', 'pm2-logrotate'],
    ...daemon,
    doc: {
      en: 'Rotation method: rename loses no lines; pm2-logrotate copies and truncates the logs of every program of this PM2',
      ru: 'Способ ротации: rename не теряет строк; pm2-logrotate копирует и обрезает логи всех программ этого PM2',
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
      en: 'Run under PM2: a requested stop exits with code 143, so that PM2 does not restart the router',
      ru: 'Работа под PM2: остановка по запросу завершается с кодом 143, и PM2 не перезапускает роутер',
    },
  },
  {
    key: 'end-pm2',
    type: 'boolean',
    default: false,
    ...daemon,
    doc: {
      en: 'Exit PM2 when the router has stopped and PM2 runs nothing else, so that a systemd unit stops too',
      ru: 'Завершать PM2, когда роутер остановлен и других программ под PM2 нет, чтобы остановился и сервис systemd',
    },
  },
  {
    key: 'node-options',
    type: 'text',
    default: null,
    ...daemon,
    doc: {
      en: 'NODE_OPTIONS of the daemon process; the value of the shell is not inherited',
      ru: 'NODE_OPTIONS процесса daemon; значение из оболочки не наследуется',
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
      en: 'File for standard output under PM2; rotated by the router',
      ru: 'Файл стандартного вывода под PM2; его ротирует роутер',
    },
  },
  {
    key: 'log-max-size',
    type: 'bytes',
    default: 10 * MIB,
    range: [1024, 1024 * 1024 * MIB],
    ...daemon,
    doc: { en: 'Log size that triggers a rotation', ru: 'Размер лога, при котором выполняется ротация' },
  },
  {
    key: 'log-retain',
    type: 'integer',
    default: 30,
    range: [1, 10_000],
    ...daemon,
    doc: { en: 'Number of rotated logs to keep', ru: 'Сколько старых логов хранить' },
  },
  ...CONTROL_OPTIONS,
  {
    key: 'check-config',
    ...otherCommand,
    doc: {
      en: 'Validate the configuration, print it with the source of each value, and exit',
      ru: 'Проверить конфигурацию, показать её с источником каждого значения и выйти',
    },
  },
  {
    key: 'doctor',
    ...otherCommand,
    doc: { en: 'Diagnose this host and suggest fixes', ru: 'Диагностика этой машины с советами по исправлению' },
  },
  {
    key: 'top',
    ...otherCommand,
    doc: {
      en: 'Live view of a running router; q quits',
      ru: 'Показатели работающего роутера в реальном времени; q — выход',
    },
  },
  {
    key: 'metrics-url',
    type: 'text',
    default: null,
    ...daemon,
    group: 'commands',
    doc: {
      en: 'Router for --top, for example http://127.0.0.1:9090',
      ru: 'Роутер для --top, например http://127.0.0.1:9090',
    },
  },
  { key: 'help', ...otherCommand, doc: { en: 'Show this help', ru: 'Показать эту справку' } },
  { key: 'version', ...otherCommand, doc: { en: 'Show the version', ru: 'Показать версию' } },
] as const satisfies readonly Option[];
