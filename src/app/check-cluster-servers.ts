import {
  ENVELOPE_VERSION,
  type NatsProbe,
  NatsSubjects,
  newInstanceId,
  OLDEST_VERSION,
  probeNats,
} from '../cluster/index.ts';
import { clusterServers, type RouterConfig } from '../config/index.ts';
import type { Text } from '../text/index.ts';
import type { ClusterFiles } from './cluster-files.ts';

/** A problem of the cluster, and the remedy; `isFatal` if the router cannot join. */
export interface ClusterProblem {
  readonly text: Text;
  readonly remedy: Text;
  readonly isFatal: boolean;
}

/** Each node announces itself once a second. */
const LISTEN_MS = 1300;
/** With less, messages are cut into many fragments. */
const MIN_PAYLOAD_BYTES = 64 * 1024;
const MAX_CLOCK_OFFSET_MS = 2000;

/** Checks the NATS servers as the router would use them; empty without a cluster or without problems. */
export async function checkClusterServers(config: RouterConfig, files: ClusterFiles): Promise<ClusterProblem[]> {
  if (config.cluster === null) return [];
  const subjects = new NatsSubjects(config.clusterPrefix, config.clusterName, newInstanceId());
  const servers = clusterServers(config.cluster);
  const probes = await probeNats({ servers, subjects, access: files.access, listenMs: LISTEN_MS });
  return [...probes.flatMap((probe) => serverProblems(probe, subjects)), ...nodeProblems(probes)];
}

function serverProblems(
  { server, error, denied, maxPayloadBytes }: NatsProbe,
  subjects: NatsSubjects,
): ClusterProblem[] {
  if (error !== null) return [isRefusal(error) ? refused(server, error) : unreachable(server, error)];
  if (denied !== null) return [missingPermission(server, denied, subjects)];
  if (maxPayloadBytes >= MIN_PAYLOAD_BYTES) return [];
  return [
    {
      text: {
        en: `${server}: max_payload is ${maxPayloadBytes} bytes: messages are sent in many fragments`,
        ru: `${server}: max_payload равен ${maxPayloadBytes} байт: сообщения передаются множеством частей`,
      },
      remedy: {
        en: 'Set max_payload to 1MB in the configuration of NATS',
        ru: 'Задайте max_payload: 1MB в конфигурации NATS',
      },
      isFatal: false,
    },
  ];
}

function isRefusal(error: string): boolean {
  return /authorization|authentication|nkey|credential/i.test(error);
}

function refused(server: string, error: string): ClusterProblem {
  return {
    text: { en: `${server}: refused: ${error}`, ru: `${server}: отказ: ${error}` },
    remedy: {
      en: 'Check --cluster-user-file, --cluster-nkey-file or --cluster-creds-file, and the users of NATS',
      ru: 'Проверьте --cluster-user-file, --cluster-nkey-file или --cluster-creds-file и пользователей NATS',
    },
    isFatal: true,
  };
}

function unreachable(server: string, error: string): ClusterProblem {
  return {
    text: { en: `${server}: cannot be reached: ${error}`, ru: `${server}: недоступен: ${error}` },
    remedy: {
      en: 'Start nats-server there, or correct --cluster; until then this router serves its own clients only',
      ru: 'Запустите там nats-server или исправьте --cluster; до тех пор роутер обслуживает только своих клиентов',
    },
    isFatal: true,
  };
}

function missingPermission(server: string, denied: string, { all }: NatsSubjects): ClusterProblem {
  return {
    text: { en: `${server}: a permission is missing: ${denied}`, ru: `${server}: не хватает прав: ${denied}` },
    remedy: {
      en: `Allow this user to publish and subscribe: "${all}"`,
      ru: `Разрешите этому пользователю публикацию и подписку: "${all}"`,
    },
    isFatal: true,
  };
}

/** Problems of other nodes, without duplicates: several servers may report the same node. */
function nodeProblems(probes: readonly NatsProbe[]): ClusterProblem[] {
  const nodes = new Map(
    probes.flatMap((probe) => probe.nodes.map((node) => [node.instance, { node, probe }] as const)),
  );
  const problems: ClusterProblem[] = [];
  const labels = new Map<string, number>();
  for (const { node, probe } of nodes.values()) {
    labels.set(node.label, (labels.get(node.label) ?? 0) + 1);
    const offsetMs = Math.abs(probe.clockOffsetsMs.get(node.instance) ?? 0);
    if (offsetMs > MAX_CLOCK_OFFSET_MS) problems.push(clockDifference(node.label, offsetMs));
    if (node.newestVersion < OLDEST_VERSION || node.oldestVersion > ENVELOPE_VERSION) {
      problems.push(incompatible(node.label, node.release));
    }
  }
  for (const [name, count] of labels) if (count > 1) problems.push(sameLabel(name, count));
  return problems;
}

function sameLabel(label: string, count: number): ClusterProblem {
  return {
    text: { en: `${count} routers have the label ${label}`, ru: `У роутеров (${count}) одна метка: ${label}` },
    remedy: { en: 'Give each its own --cluster-node', ru: 'Задайте каждому свою --cluster-node' },
    isFatal: false,
  };
}

function clockDifference(label: string, offsetMs: number): ClusterProblem {
  const seconds = (offsetMs / 1000).toFixed(1);
  return {
    text: {
      en: `The clock of ${label} differs from this one by ${seconds} s`,
      ru: `Часы ${label} расходятся с местными на ${seconds} с`,
    },
    remedy: { en: 'Synchronize both: timedatectl set-ntp true', ru: 'Синхронизируйте их: timedatectl set-ntp true' },
    isFatal: false,
  };
}

function incompatible(label: string, release: string): ClusterProblem {
  return {
    text: {
      en: `Router ${label} (version ${release}) is too old or too new: it is not joined`,
      ru: `Роутер ${label} (версия ${release}) слишком старый или новый: объединения с ним нет`,
    },
    remedy: { en: 'Upgrade the older one', ru: 'Обновите более старый' },
    isFatal: false,
  };
}
