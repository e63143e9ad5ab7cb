import { defineMessages } from '../text/index.ts';

/** Messages of `--clients`, `--disconnect`, `--send` and `--request`. */
export const controlMessages = defineMessages({
  id: { en: 'ID', ru: 'ID' },
  name: { en: 'NAME', ru: 'ИМЯ' },
  status: { en: 'STATUS', ru: 'СТАТУС' },
  address: { en: 'ADDRESS', ru: 'АДРЕС' },
  groups: { en: 'GROUPS', ru: 'ГРУППЫ' },
  reading: { en: '{count} {count:client|clients}', ru: 'клиентов: {count}' },
  noClients: { en: 'No clients', ru: 'Клиентов нет' },
  disconnected: { en: 'Disconnected {id}', ru: 'Клиент {id} отключён' },
  sent: { en: 'Sent to {count} {count:client|clients}', ru: 'Отправлено клиентам: {count}' },
  waiting: { en: 'Waiting for the response of {id}', ru: 'Ожидание ответа {id}' },
  noPayload: {
    en: '--{command} requires a JSON object after its value: --{command} {target} \'{"key": "value"}\'',
    ru: '--{command}: после значения нужен JSON-объект: --{command} {target} \'{"key": "value"}\'',
  },
  badPayload: {
    en: '{payload}: not a JSON object; quote it for the shell: \'{"key": "value"}\'',
    ru: '{payload}: это не JSON-объект; заключите его в кавычки: \'{"key": "value"}\'',
  },
  badTarget: {
    en: '--send {target}: expected a client id, group:NAME or all',
    ru: '--send {target}: нужен ID клиента, group:ИМЯ или all',
  },
  notRunning: { en: 'No router responds on {where}', ru: 'Роутер не отвечает на {where}' },
  hintDaemon: {
    en: 'Start it with rpc-dart-router --daemon-start, or select another one with --pid-file or --control-socket',
    ru: 'Запустите его: rpc-dart-router --daemon-start; или выберите другой: --pid-file, --control-socket',
  },
  forbidden: {
    en: 'No permission to access {where}: use sudo, or run as the user of the router',
    ru: 'Нет прав доступа к {where}: используйте sudo или запускайте от пользователя роутера',
  },
  tooOld: {
    en: 'The router on {where} is of an older version without this command: restart it',
    ru: 'Роутер на {where} старой версии, без этой команды: перезапустите его',
  },
  notFound: { en: 'There is no client {id}', ru: 'Клиента {id} нет' },
  timeout: { en: 'Client {id} did not respond within {time}', ru: 'Клиент {id} не ответил за {time}' },
  gone: { en: 'Client {id} disconnected before it responded', ru: 'Клиент {id} отключился, не ответив' },
  refused: { en: 'Client {id} refused the request: {detail}', ru: 'Клиент {id} отклонил запрос: {detail}' },
  failed: { en: 'The router refused the command: {detail}', ru: 'Роутер отклонил команду: {detail}' },
});
