import { type Option, SECOND } from './option-types.ts';

const node = { group: 'cluster', scope: 'router', reload: 'restart' } as const;

/** Several routers as one, joined by NATS. */
export const CLUSTER_OPTIONS = [
  {
    key: 'cluster',
    type: 'text',
    default: null,
    ...node,
    doc: {
      en: 'Join other routers by these NATS servers: nats:// or tls:// URLs, separated by commas',
      ru: 'Объединиться с другими роутерами через эти серверы NATS: URL nats:// или tls:// через запятую',
    },
  },
  {
    key: 'cluster-name',
    type: 'text',
    default: 'default',
    ...node,
    doc: {
      en: 'Name of the cluster: routers with the same name and prefix are one',
      ru: 'Имя кластера: роутеры с одним именем и префиксом составляют одно целое',
    },
  },
  {
    key: 'cluster-prefix',
    type: 'text',
    default: 'rpc-router',
    ...node,
    doc: {
      en: 'First part of the NATS subjects: <prefix>.<name>.> is all that a router uses',
      ru: 'Начало тем NATS: роутер использует только <prefix>.<name>.>',
    },
  },
  {
    key: 'cluster-node',
    type: 'text',
    default: null,
    ...node,
    doc: {
      en: 'Label of this router in logs, metrics and status; by default the host name',
      ru: 'Метка этого роутера в логах, метриках и состоянии; по умолчанию имя хоста',
    },
  },
  {
    key: 'cluster-required',
    type: 'boolean',
    default: false,
    ...node,
    doc: {
      en: 'Answer /readyz with 503 while NATS cannot be reached, instead of 200 degraded',
      ru: 'Отвечать на /readyz кодом 503, пока NATS недоступен, а не 200 degraded',
    },
  },
  {
    key: 'cluster-stall-timeout',
    type: 'duration',
    default: 2 * SECOND,
    range: [SECOND / 2, 30 * SECOND],
    ...node,
    doc: {
      en: 'Time without an acknowledgement of a router until messages to its clients are refused',
      ru: 'Время без подтверждений от роутера, после которого сообщения его клиентам отклоняются',
    },
  },
  {
    key: 'cluster-secret-file',
    type: 'path',
    default: null,
    ...node,
    doc: {
      en: 'File with at least 32 secret bytes, the same on all routers, that sign every message between them',
      ru: 'Файл с секретом (не менее 32 байт), одинаковый на всех роутерах, для подписи сообщений между ними',
    },
  },
  {
    key: 'cluster-user-file',
    type: 'path',
    default: null,
    ...node,
    doc: {
      en: 'File with the NATS user and password, as user:password',
      ru: 'Файл с именем и паролем для NATS в виде user:password',
    },
  },
  {
    key: 'cluster-nkey-file',
    type: 'path',
    default: null,
    ...node,
    doc: { en: 'File with the seed of a NATS nkey', ru: 'Файл с seed ключа nkey для NATS' },
  },
  {
    key: 'cluster-creds-file',
    type: 'path',
    default: null,
    ...node,
    doc: { en: 'NATS credentials file: a JWT and a seed', ru: 'Файл учётных данных NATS: JWT и seed' },
  },
  {
    key: 'cluster-tls-ca',
    type: 'path',
    default: null,
    ...node,
    doc: {
      en: 'CA certificates (PEM) that NATS is verified with; turns TLS on',
      ru: 'Сертификаты CA (PEM) для проверки NATS; включает TLS',
    },
  },
  {
    key: 'cluster-tls-cert',
    type: 'path',
    default: null,
    ...node,
    doc: { en: 'Client certificate for NATS (PEM)', ru: 'Клиентский сертификат для NATS (PEM)' },
  },
  {
    key: 'cluster-tls-key',
    type: 'path',
    default: null,
    ...node,
    doc: {
      en: 'Private key of the client certificate for NATS (PEM)',
      ru: 'Закрытый ключ клиентского сертификата для NATS (PEM)',
    },
  },
] as const satisfies readonly Option[];
