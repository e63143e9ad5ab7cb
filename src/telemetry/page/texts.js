/** Every text of the page in both languages; `{name}` stands for a parameter. */
const TEXTS = {
  skip: ['Skip to the figures', 'К показателям'],
  uptime: ['Uptime', 'Время работы'],
  now: ['Now', 'Сейчас'],
  last15: ['Last 15 minutes', 'Последние 15 минут'],
  details: ['Details', 'Подробности'],
  connections: ['Connections', 'Соединения'],
  ofMax: ['of {max}', 'из {max}'],
  connectionsDetail: ['{total} since the start, {refused} refused', '{total} с запуска, отклонено {refused}'],
  clients: ['Clients', 'Клиенты'],
  clientsDetail: ['{total} registered since the start', '{total} регистраций с запуска'],
  messagesIn: ['Messages in', 'Входящие сообщения'],
  deliveries: ['Deliveries', 'Доставки'],
  perSecond: ['/s', '/с'],
  bytesTotal: ['{bytes} since the start', '{bytes} с запуска'],
  latency: ['Routing latency, p99', 'Задержка маршрутизации, p99'],
  latencyDetail: ['p50 {p50}, p95 {p95}, last minute', 'p50 {p50}, p95 {p95}, за минуту'],
  queue: ['Send queues', 'Очереди отправки'],
  queueDetail: ['{count} slow readers cut off', 'медленных читателей отключено: {count}'],
  eventLoop: ['Event-loop delay, p99', 'Задержка event loop, p99'],
  eventLoopDetail: ['median {p50}, worst {max}, last minute', 'медиана {p50}, худшая {max}, за минуту'],
  memory: ['Memory', 'Память'],
  memoryDetail: ['heap {heap}, buffers {external}', 'heap {heap}, буферы {external}'],
  cpu: ['CPU', 'CPU'],
  byType: ['Messages by type', 'Сообщения по типам'],
  type: ['Type', 'Тип'],
  inPerSecond: ['In/s', 'Вход./с'],
  inTotal: ['In', 'Входящих'],
  outTotal: ['Deliveries', 'Доставок'],
  errors: ['Errors by reason', 'Ошибки по причинам'],
  noErrors: ['None since the start', 'Ни одной с запуска'],
  reason: ['Reason', 'Причина'],
  count: ['Count', 'Количество'],
  byGroup: ['Clients by group', 'Клиенты по группам'],
  noGroups: ['No groups', 'Групп нет'],
  group: ['Group', 'Группа'],
  byStatus: ['Clients by status', 'Клиенты по статусу'],
  status: ['Status', 'Статус'],
  recentlyClosed: ['Last clients that went', 'Последние отключения'],
  noneClosed: ['None yet', 'Пока не было'],
  time: ['Time', 'Время'],
  connectedFor: ['Connected for', 'Был подключён'],
  client: ['Client', 'Клиент'],
  lastReload: ['Last reload', 'Последняя перезагрузка конфигурации'],
  option: ['Option', 'Опция'],
  from: ['Before', 'Было'],
  to: ['Now', 'Стало'],
  reloadNone: ['None since the start', 'Не было с запуска'],
  reloadApplied: ['Applied {when}', 'Применена {when}'],
  reloadUnchanged: ['Nothing had changed, {when}', 'Изменений не было, {when}'],
  reloadRefused: [
    'Refused {when}: the earlier configuration stays',
    'Отклонена {when}: действует прежняя конфигурация',
  ],
  configDigest: ['Configuration {digest}', 'Конфигурация {digest}'],
  process: ['Process {pid}, Node {node}, instance {instance}', 'Процесс {pid}, Node {node}, экземпляр {instance}'],
  listening: ['gRPC on {grpc}', 'gRPC на {grpc}'],
  stateStarting: ['Starting', 'Запускается'],
  stateReady: ['Ready', 'Работает'],
  stateDraining: ['Stopping', 'Останавливается'],
  stateLost: ['No connection', 'Нет связи'],
  stateConnecting: ['Connecting…', 'Подключение…'],
  lost: [
    'No connection to the router since {when}; trying again every second. The figures below are old.',
    'Нет связи с роутером с {when}; попытки каждую секунду. Показатели ниже устарели.',
  ],
  stalled: [
    'The router has sent nothing since {when}: it is busy or frozen. The figures below are old.',
    'Роутер ничего не присылает с {when}: он занят или завис. Показатели ниже устарели.',
  ],
  restarted: [
    'The router was restarted at {when}: counters begin anew.',
    'Роутер перезапущен в {when}: счётчики начались заново.',
  ],
  dismiss: ['Dismiss', 'Скрыть'],
  chartMessages: ['Messages per second', 'Сообщений в секунду'],
  chartLatency: ['Routing latency', 'Задержка маршрутизации'],
  chartConnections: ['Connections and clients', 'Соединения и клиенты'],
  chartQueue: ['Bytes in send queues', 'Байт в очередях отправки'],
  chartLoop: ['Event-loop delay, worst in each second', 'Задержка event loop, худшая за секунду'],
  chartMemory: ['Resident memory', 'Память (RSS)'],
  chartCpu: ['CPU, percent of one core', 'CPU, процентов одного ядра'],
  seriesIn: ['in', 'входящие'],
  seriesOut: ['delivered', 'доставки'],
  seriesDropped: ['dropped', 'не доставлены'],
  seriesConnections: ['connections', 'соединения'],
  seriesClients: ['clients', 'клиенты'],
  seriesQueue: ['queued', 'в очередях'],
  seriesLoop: ['delay', 'задержка'],
  seriesMemory: ['memory', 'память'],
};

/** Texts for the closed sets of the status: why a message was dropped, a connection refused, a client closed. */
const REASONS = {
  targetNotFound: ['Receiver not found', 'Получатель не найден'],
  noMembers: ['Group without members', 'В группе никого нет'],
  targetDisconnected: ['Receiver disconnected', 'Получатель отключился'],
  lateResponse: ['Response too late', 'Ответ опоздал'],
  malformed: ['Malformed message', 'Повреждённое сообщение'],
  unreadable: ['Unreadable for Dart clients', 'Нечитаемо для клиентов Dart'],
  missingField: ['Missing field', 'Нет обязательного поля'],
  unknownType: ['Unknown message type', 'Неизвестный тип сообщения'],
  notBound: ['Stream not bound', 'Поток не привязан'],
  tooLarge: ['Message too large', 'Слишком большое сообщение'],
  tooManyPending: ['Too many open requests', 'Слишком много открытых запросов'],
  requestTimeout: ['Request timed out', 'Время запроса истекло'],
  invalidMetadata: ['Invalid metadata', 'Неверные метаданные'],
  noMemory: ['No memory for it', 'Нет памяти для него'],
  connectionLimit: ['Refused: connection limit', 'Отказ: предел соединений'],
  draining: ['Refused: stopping', 'Отказ: остановка'],
  handshakeTimeout: ['Refused: handshake too slow', 'Отказ: медленное рукопожатие'],
  tlsError: ['Refused: TLS error', 'Отказ: ошибка TLS'],
  protocolError: ['Refused: not HTTP/2', 'Отказ: не HTTP/2'],
  authFailures: ['No valid token', 'Нет действительного токена'],
  slowReaders: ['Slow readers cut off', 'Отключены медленные читатели'],
  connectionLost: ['Connection lost', 'Соединение потеряно'],
  inactivityTimeout: ['Silent for too long', 'Слишком долго молчал'],
  zombie: ['Never bound a stream', 'Не открыл поток'],
  slowReaderBytes: ['Slow reader: queue full', 'Медленный читатель: очередь полна'],
  slowReaderDeadline: ['Slow reader: deadline', 'Медленный читатель: срок вышел'],
  memoryPressure: ['Slow reader: memory limit', 'Медленный читатель: предел памяти'],
  tokenRevoked: ['Token revoked', 'Токен отозван'],
  connectionLimitLowered: ['Connection limit lowered', 'Предел соединений уменьшен'],
  shutdown: ['Router stopped', 'Остановка роутера'],
};

/** The language of the page: Russian for browsers that prefer it, else English. */
export const lang = navigator.language.toLowerCase().startsWith('ru') ? 'ru' : 'en';
const column = lang === 'ru' ? 1 : 0;

/** The text `key` with its parameters filled in. */
export function say(key, params = {}) {
  return TEXTS[key][column].replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

/** The text of a reason; one that is newer than this page is shown by its code. */
export function reasonText(code) {
  return REASONS[code]?.[column] ?? code;
}

/** Puts the texts of the chosen language into the document. */
export function translateDocument() {
  document.documentElement.lang = lang;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = say(element.dataset.text);
}
