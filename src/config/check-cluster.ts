import type { Text } from '../text/index.ts';

interface ClusterConfig {
  readonly cluster: string | null;
  readonly clusterName: string;
  readonly clusterPrefix: string;
  readonly clusterTlsCert: string | null;
  readonly clusterTlsKey: string | null;
}

type ClusterKey = 'cluster' | 'cluster-name' | 'cluster-prefix' | 'cluster-tls-cert' | 'cluster-tls-key';

/** Parts of a NATS subject, without wildcards. */
const SUBJECT = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** The NATS servers of `--cluster`. */
export function clusterServers(cluster: string): readonly string[] {
  return cluster
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '');
}

/** The problems of the options of the cluster; `where` names the source of one. */
export function checkCluster(config: ClusterConfig, where: (key: ClusterKey) => string): Text[] {
  const problems: Text[] = [];
  const add = (key: ClusterKey, en: string, ru: string): void => {
    problems.push({ en: `${where(key)} ${en}`, ru: `${where(key)} ${ru}` });
  };
  if (config.cluster !== null) {
    const servers = clusterServers(config.cluster);
    if (servers.length === 0)
      add('cluster', 'needs a URL such as nats://host:4222', 'нужен URL, например nats://host:4222');
    for (const server of servers) {
      const problem = serverProblem(server);
      if (problem !== null) add('cluster', problem.en, problem.ru);
    }
  }
  for (const [key, value] of [
    ['cluster-name', config.clusterName],
    ['cluster-prefix', config.clusterPrefix],
  ] as const) {
    if (SUBJECT.test(value)) continue;
    add(key, `must be letters, digits, - and _, got ${value}`, `может содержать буквы, цифры, - и _, указано ${value}`);
  }
  if (config.clusterTlsCert !== null && config.clusterTlsKey === null)
    add('cluster-tls-cert', 'requires --cluster-tls-key', 'требует --cluster-tls-key');
  if (config.clusterTlsKey !== null && config.clusterTlsCert === null)
    add('cluster-tls-key', 'requires --cluster-tls-cert', 'требует --cluster-tls-cert');
  return problems;
}

function serverProblem(server: string): Text | null {
  const url = URL.canParse(server) ? new URL(server) : null;
  if (url === null || !/^(nats|tls):$/.test(url.protocol) || url.hostname === '') {
    return {
      en: `must be URLs such as nats://host:4222 or tls://host:4222, got ${withoutPassword(server)}`,
      ru: `нужны URL вида nats://host:4222 или tls://host:4222, указано ${withoutPassword(server)}`,
    };
  }
  if (url.username === '' && url.password === '') return null;
  return {
    en: 'must not contain a password: every user of the host could read it; use --cluster-user-file',
    ru: 'не должен содержать пароль: его прочитает любой пользователь машины; используйте --cluster-user-file',
  };
}

function withoutPassword(server: string): string {
  return server.replace(/\/\/[^@/]*@/, '//***@');
}
