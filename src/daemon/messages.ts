import { defineMessages } from '../text/index.ts';

/** Messages of the daemon commands. Russian lines that the operator's guide shows are literal. */
export const daemonMessages = defineMessages({
  running: { en: '✅ Daemon is running with PID: {pid}', ru: '✅ Daemon запущен с PID: {pid}' },
  alreadyRunning: { en: '❌ Daemon is already running with PID: {pid}', ru: '❌ Daemon уже запущен с PID: {pid}' },
  notRunning: { en: '❌ Daemon is not running', ru: '❌ Daemon не запущен' },
  notAnswering: {
    en: '❌ Daemon has PID {pid}, but the router does not answer on {socket}',
    ru: '❌ У daemon PID {pid}, но роутер не отвечает на {socket}',
  },
  draining: { en: '⏳ The router is stopping', ru: '⏳ Роутер останавливается' },
  respawning: {
    en: '❌ The router ended, PM2 starts it again (restart {count})',
    ru: '❌ Роутер завершился, PM2 запускает его снова (перезапуск {count})',
  },
  unsupervised: {
    en: '⚠️  PM2 does not supervise this process: nothing restarts it after a crash. --daemon-restart fixes that',
    ru: '⚠️  PM2 не управляет этим процессом: после сбоя он не перезапустится. Исправит --daemon-restart',
  },
  pidFile: { en: '📄 PID file: {path}', ru: '📄 PID файл: {path}' },
  log: { en: '📝 Log: {path}', ru: '📝 Логи: {path}' },
  logSize: { en: '📊 Log file size: {size}', ru: '📊 Размер лог-файла: {size}' },
  logModified: { en: '🕐 Last change: {time}', ru: '🕐 Последнее изменение: {time}' },
  logMissing: { en: '⚠️  There is no log file', ru: '⚠️  Файла лога нет' },
  lastLines: { en: '📝 Last lines of the log:', ru: '📝 Последние записи лога:' },
  memory: { en: '💾 Memory: {size}', ru: '💾 Использование памяти: {size}' },
  uptime: { en: '⏱️  Uptime: {time}', ru: '⏱️  Время работы: {time}' },
  ports: { en: '🔌 Open ports:', ru: '🔌 Открытые порты:' },
  restarts: { en: '🔁 Restarts: {count}', ru: '🔁 Перезапуски: {count}' },
  cpu: { en: '⚙️  CPU: {percent}%', ru: '⚙️  CPU: {percent}%' },
  connections: { en: '🔗 Connections: {current} of {max}', ru: '🔗 Соединения: {current} из {max}' },
  clients: { en: '👥 Clients: {count}', ru: '👥 Клиенты: {count}' },
  workers: { en: '🧵 Workers: {count}', ru: '🧵 Рабочие процессы: {count}' },
  worker: {
    en: '{worker}: PID {pid}, connections {current} of {max}, clients {clients}, memory {size}, CPU {percent}%',
    ru: '{worker}: PID {pid}, соединения {current} из {max}, клиенты {clients}, память {size}, CPU {percent}%',
  },
  workerStarting: { en: '{worker}: starting', ru: '{worker}: запускается' },
  workerDraining: { en: 'is stopping', ru: 'останавливается' },
  version: { en: '🏷️  Version: {version}', ru: '🏷️  Версия: {version}' },
  reloadNever: { en: '🔄 Last reload: none', ru: '🔄 Последняя перезагрузка: не было' },
  reloadApplied: {
    en: '🔄 Last reload: {time}, applied ({count} changed)',
    ru: '🔄 Последняя перезагрузка: {time}, применена (изменено: {count})',
  },
  reloadUnchanged: {
    en: '🔄 Last reload: {time}, nothing changed',
    ru: '🔄 Последняя перезагрузка: {time}, изменений нет',
  },
  reloadRefused: {
    en: '🔄 Last reload: {time}, refused: {reason}',
    ru: '🔄 Последняя перезагрузка: {time}, отклонена: {reason}',
  },
  owner: { en: '👤 It runs under the user {user}{by}', ru: '👤 Работает под пользователем {user}{by}' },
  byService: { en: ', as the systemd service {service}', ru: ', как сервис systemd {service}' },
  byHome: { en: ', with PM2_HOME={home}', ru: ', PM2_HOME={home}' },
  hintOther: {
    en: '💡 Another router runs here with PID {pid}, under the user {user}{by}; to command it: {command}',
    ru: '💡 Здесь работает другой роутер, PID {pid}, пользователь {user}{by}; управление им: {command}',
  },
  hintCommand: { en: '💡 To command it: {command}', ru: '💡 Управление им: {command}' },
  hintHidden: {
    en: '💡 A service may run that this user may not see; use sudo',
    ru: '💡 Возможно, работает сервис, который этому пользователю не виден; используйте sudo',
  },
  notOwn: {
    en: '❌ The router with PID {pid} was not started with this PM2 home, its options are not known here. {command}',
    ru: '❌ Роутер с PID {pid} запущен не с этой папкой PM2, его опции здесь неизвестны. {command}',
  },
  pidOfOthers: {
    en: '⚠️  {path} holds the PID {pid} of another program; left alone',
    ru: '⚠️  В {path} записан PID {pid} другой программы; файл не тронут',
  },
  hintStatus: { en: '💡 --daemon-status shows its state', ru: '💡 Используйте --daemon-status для проверки состояния' },
  hintStop: { en: '💡 --daemon-stop stops it', ru: '💡 Используйте --daemon-stop для остановки' },
  starting: { en: 'Starting the daemon…', ru: 'Запуск daemon…' },
  waitingForRouter: { en: 'Waiting for the router to listen…', ru: 'Ожидание готовности роутера…' },
  startFailed: { en: '❌ The daemon did not start: {reason}', ru: '❌ Daemon не запустился: {reason}' },
  undoing: { en: 'Interrupted, undoing the start…', ru: 'Прервано, запуск отменяется…' },
  interrupted: {
    en: '❌ Interrupted: the daemon was not started',
    ru: '❌ Прервано: daemon не запущен',
  },
  finishing: {
    en: '⚠️  --daemon-{name} completes first; a second Ctrl-C ends it half-way',
    ru: '⚠️  Сначала завершится --daemon-{name}; второе нажатие Ctrl-C прервёт команду на полпути',
  },
  noSpace: {
    en: 'no space left on the device: {folders}; free some space and start again',
    ru: 'на диске нет места: {folders}; освободите место и запустите снова',
  },
  startTimedOut: {
    en: 'the router was not ready within {seconds} s',
    ru: 'роутер за {seconds} с не сообщил о готовности',
  },
  endedWith: { en: 'the router ended with exit code {code}', ru: 'роутер завершился с кодом {code}' },
  endedWithout: { en: 'the router ended', ru: 'роутер завершился' },
  nameTaken: {
    en: '❌ PM2 already runs another program as {name}: {script}; choose another --name',
    ru: '❌ В PM2 имя {name} занято другой программой: {script}; выберите другое --name',
  },
  staleOfOthers: {
    en: '⚠️  A stale PID file of another user cannot be removed: {path}',
    ru: '⚠️  Устаревший PID файл другого пользователя нельзя удалить: {path}',
  },
  staleRemoved: { en: '🧹 Removed a stale PID file: {path}', ru: '🧹 Удалён устаревший PID файл: {path}' },
  logSymlink: {
    en: '❌ {path} is a symbolic link; refused, as others may write there. Remove it or choose another --log-file',
    ru: '❌ {path} — символическая ссылка; отказано из соображений безопасности. Удалите её или выберите другой --log-file',
  },
  logOtherUser: {
    en: '❌ {path} belongs to another user; refused. Remove it or choose another --log-file',
    ru: '❌ {path} принадлежит другому пользователю; отказано. Удалите его или выберите другой --log-file',
  },
  logNotAFile: {
    en: '❌ {path} is not a regular file; choose another --log-file',
    ru: '❌ {path} — не обычный файл; выберите другой --log-file',
  },
  logUnwritable: {
    en: '❌ {path} cannot be written to; choose another --log-file. {detail}',
    ru: '❌ В {path} нельзя писать; выберите другой --log-file. {detail}',
  },
  stopping: { en: '🛑 Stopping the daemon with PID: {pid}', ru: '🛑 Остановка daemon с PID: {pid}' },
  countdown: { en: 'SIGTERM sent; SIGKILL in {seconds} s', ru: 'SIGTERM отправлен; SIGKILL через {seconds} с' },
  stopped: { en: '✅ Daemon stopped (SIGTERM)', ru: '✅ Daemon остановлен (SIGTERM)' },
  startedAgain: {
    en: '⚠️  systemd starts the service again; to keep it stopped: sudo systemctl stop {service}',
    ru: '⚠️  systemd запустит сервис снова; чтобы он остался остановленным: sudo systemctl stop {service}',
  },
  respawnEnded: {
    en: '✅ Daemon stopped; it was between two crashes',
    ru: '✅ Daemon остановлен; он был между двумя сбоями',
  },
  killing: {
    en: '⚠️  The process did not end within {seconds} s, sending SIGKILL…',
    ru: '⚠️  Процесс не завершился за {seconds} с, отправляем SIGKILL…',
  },
  killed: { en: '✅ Daemon stopped by force (SIGKILL)', ru: '✅ Daemon принудительно остановлен (SIGKILL)' },
  stopFailed: { en: '❌ The process {pid} could not be stopped', ru: '❌ Не удалось остановить процесс {pid}' },
  noPermission: {
    en: '❌ No permission to signal the process {pid}: it belongs to another user',
    ru: '❌ Нет прав на отправку сигнала процессу {pid}: он принадлежит другому пользователю',
  },
  removedFromPm2: { en: '🧹 Removed from PM2: {name}', ru: '🧹 Удалено из PM2: {name}' },
  reloading: { en: '🔄 Sending SIGHUP to the process {pid}…', ru: '🔄 Отправка SIGHUP процессу {pid}...' },
  reloadDone: { en: '✅ Configuration reloaded', ru: '✅ Конфигурация перезагружена' },
  reloadNothing: {
    en: '✅ Configuration reloaded: nothing changed',
    ru: '✅ Конфигурация перезагружена: изменений нет',
  },
  certificateInForce: {
    en: 'certificate in force: {subject}, expires {until}',
    ru: 'действует сертификат: {subject}, истекает {until}',
  },
  clientCaInForce: { en: 'client CA in force: {subject}', ru: 'действует клиентский CA: {subject}' },
  tokensInForce: { en: 'tokens in force: {tokens}', ru: 'действует токенов: {tokens}' },
  reloadRefusedNow: {
    en: '❌ Reload refused, the old configuration stays in force:',
    ru: '❌ Перезагрузка отклонена, действует прежняя конфигурация:',
  },
  needsRestart: {
    en: '{key}: cannot change without a restart; use --daemon-restart with the same options',
    ru: '{key}: нельзя изменить без перезапуска; используйте --daemon-restart с теми же опциями',
  },
  notKeptByUs: {
    en: '❌ This daemon was not started with --daemon-start: change its configuration file or its ROUTER_* variables',
    ru: '❌ Этот daemon запущен не через --daemon-start: измените его файл конфигурации или переменные ROUTER_*',
  },
  noOutcome: {
    en: '❌ The router did not report the outcome of the reload within {seconds} s',
    ru: '❌ Роутер за {seconds} с не сообщил результат перезагрузки',
  },
  nodeOptions: {
    en: '⚠️  NODE_OPTIONS of this shell is not passed on to the daemon; if it needs it: --node-options={value}',
    ru: '⚠️  NODE_OPTIONS этой оболочки daemon не получает; если нужно: --node-options={value}',
  },
  cause: { en: '💥 Cause: {cause}', ru: '💥 Причина: {cause}' },
  rolling: {
    en: '🔄 Replacing {count} workers one at a time',
    ru: '🔄 Замена рабочих процессов по одному, всего {count}',
  },
  rollingReplaced: {
    en: 'worker {worker} of {of}: version {version}',
    ru: 'процесс {worker} из {of}: версия {version}',
  },
  rollingDone: {
    en: '✅ All workers run version {version}',
    ru: '✅ Все рабочие процессы работают на версии {version}',
  },
  rollingParent: {
    en: '💡 Their parent with PID {pid} keeps version {version} until the next --daemon-restart without --rolling',
    ru: '💡 Их родительский процесс с PID {pid} остаётся на версии {version} до --daemon-restart без --rolling',
  },
  rollingIncompatible: {
    en: '⚠️  Workers of version {own} do not fit the running router {running}: it is restarted in full',
    ru: '⚠️  Процессы версии {own} не подходят к работающему роутеру {running}: он перезапускается целиком',
  },
  rollingNeedsService: {
    en: '❌ Workers of version {own} do not fit the running router {running}: sudo systemctl restart {service}',
    ru: '❌ Процессы версии {own} не подходят к работающему роутеру {running}: sudo systemctl restart {service}',
  },
  rollingFailed: {
    en: '❌ Rolling restart failed, the remaining workers run on: {reason}',
    ru: '❌ Замена по одному не удалась, остальные процессы продолжают работу: {reason}',
  },
  rollingNeedsWorkers: {
    en: '❌ --rolling requires a router with --workers 2 or more; use --daemon-restart without it',
    ru: '❌ --rolling требует роутера с --workers 2 или больше; используйте --daemon-restart без неё',
  },
  rollingKeepsOptions: {
    en: '❌ --rolling keeps the options of the router; use --daemon-reload for {options}, or --daemon-restart without --rolling',
    ru: '❌ --rolling сохраняет опции роутера; для {options} используйте --daemon-reload или --daemon-restart без --rolling',
  },
  restarting: { en: '🔄 Restarting the daemon with PID: {pid}', ru: '🔄 Перезапуск daemon с PID: {pid}' },
  oldRunsAgain: {
    en: '↩️  The daemon runs again with its former options, PID: {pid}',
    ru: '↩️  Daemon снова работает с прежними опциями, PID: {pid}',
  },
  pm2Version: {
    en: '⚠️  The running PM2 has version {running}, this program {own}; "pm2 update" brings them together',
    ru: '⚠️  Запущен PM2 версии {running}, а здесь {own}; приводит к одной версии команда "pm2 update"',
  },
  otherCommand: {
    en: '❌ Another daemon command (PID {pid}) still holds the lock {path}; wait for its end, or stop it: kill {pid}',
    ru: '❌ Другая команда daemon (PID {pid}) всё ещё держит блокировку {path}; дождитесь её или завершите: kill {pid}',
  },
  pm2HomeTooLong: {
    en: '❌ PM2_HOME is too long for a socket: {home}; choose a shorter path',
    ru: '❌ PM2_HOME слишком длинный для сокета: {home}; выберите путь короче',
  },
  pm2HomeFull: {
    en: '❌ No space left on the device of PM2_HOME: {home}; free some space or set PM2_HOME to another folder',
    ru: '❌ На диске с PM2_HOME нет места: {home}; освободите место или укажите в PM2_HOME другую папку',
  },
  pm2HomeUnusable: {
    en: '❌ PM2_HOME cannot be used: {home}; set it to a folder of your own. {detail}',
    ru: '❌ PM2_HOME нельзя использовать: {home}; укажите собственную папку. {detail}',
  },
  pm2NoAnswer: {
    en: '❌ PM2 does not answer ({call}, {seconds} s); if its daemon hangs, end it: kill -9 {pid}',
    ru: '❌ PM2 не отвечает ({call}, {seconds} с); если его daemon завис, завершите его: kill -9 {pid}',
  },
  pm2Failed: { en: '❌ PM2: {call}: {detail}', ru: '❌ PM2: {call}: {detail}' },
  rotationFailed: {
    en: '⚠️  Log rotation could not be set up: {reason}',
    ru: '⚠️  Не удалось настроить ротацию лога: {reason}',
  },
  rotationOfOthers: {
    en: 'ℹ️  pm2-logrotate runs here already and rotates this log too',
    ru: 'ℹ️  Здесь уже работает pm2-logrotate, он ротирует и этот лог',
  },
});
