import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ROOT } from '../support/program.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { environmentOf, only, readStages } from './dockerfile.ts';

const FOLDER = `${ROOT}deploy/kubernetes`;
const read = (name: string) => parse(readFileSync(`${FOLDER}/${name}.yaml`, 'utf8'));
/** Modules of kubernetes-models with a validator compiled from the schema of the kind. */
const SCHEMAS: Readonly<Record<string, string>> = {
  'v1 ConfigMap': 'IoK8sApiCoreV1ConfigMap',
  'apps/v1 Deployment': 'IoK8sApiAppsV1Deployment',
  'networking.k8s.io/v1 NetworkPolicy': 'IoK8sApiNetworkingV1NetworkPolicy',
  'policy/v1 PodDisruptionBudget': 'IoK8sApiPolicyV1PodDisruptionBudget',
  'v1 Service': 'IoK8sApiCoreV1Service',
};

interface Validator {
  (data: unknown): boolean;
  readonly errors?: readonly unknown[] | null;
}
const [, IMAGE = []] = readStages('deploy/container/Dockerfile');

const deployment = read('deployment');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

test('every manifest: matches the schema of its kind', async () => {
  const files = readdirSync(FOLDER).map((name) => name.replace('.yaml', ''));
  const { resources } = read('kustomization');
  assert.deepEqual(
    files.filter((name) => name !== 'kustomization').sort(),
    resources.map((name: string) => name.replace('.yaml', '')).sort(),
  );
  for (const name of files.filter((file) => file !== 'kustomization')) {
    const manifest = read(name);
    assert.deepEqual(await problemsOf(manifest), [], name);
  }
});

/** Violations of the schema of its kind in a manifest, including unknown fields. */
async function problemsOf(manifest: { apiVersion: string; kind: string }): Promise<readonly unknown[]> {
  const name = SCHEMAS[`${manifest.apiVersion} ${manifest.kind}`];
  assert.ok(name, manifest.kind);
  const { validate } = (await import(`kubernetes-models/_schemas/${name}`)) as { validate: Validator };
  const unread = new Set<string>();
  if (validate(recordReads(manifest, '', unread))) return [...unread].map((path) => `unknown field: ${path}`);
  return validate.errors ?? ['invalid'];
}

/** The schemas accept unknown fields, but a validator reads each known field. */
function recordReads<T extends object>(value: T, path: string, unread: Set<string>): T {
  const children = new Map<string, unknown>();
  for (const [key, child] of Object.entries(value)) {
    unread.add(`${path}/${key}`);
    const isObject = typeof child === 'object' && child !== null;
    children.set(key, isObject ? recordReads(child, `${path}/${key}`, unread) : child);
  }
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'symbol' || !children.has(key)) return Reflect.get(target, key);
      unread.delete(`${path}/${key}`);
      return children.get(key);
    },
  });
}

test('the manifest check: finds wrong types and unknown fields', async () => {
  const wrong = structuredClone(deployment);
  wrong.spec.replicas = 'one';
  assert.match(JSON.stringify(await problemsOf(wrong)), /replicas/);
  const unknown = structuredClone(deployment);
  unknown.spec.template.spec.terminationGraceSeconds = 45;
  assert.deepEqual(await problemsOf(unknown), ['unknown field: /spec/template/spec/terminationGraceSeconds']);
});

test('selectors: match the pods of the Deployment', () => {
  const labels = deployment.spec.template.metadata.labels;
  const selectors = [
    deployment.spec.selector.matchLabels,
    read('service').spec.selector,
    read('pod-disruption-budget').spec.selector.matchLabels,
    read('network-policy').spec.podSelector.matchLabels,
  ];
  for (const selector of selectors) assert.deepEqual(selector, labels);
});

test('the pod: meets the "restricted" pod security standard, without service links', () => {
  assert.equal(pod.enableServiceLinks, false);
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
  const expected = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
  assert.deepEqual(container.securityContext, expected);
});

test('user, ports and folders: match the image', () => {
  const { runAsUser, runAsGroup } = pod.securityContext;
  assert.equal(`${runAsUser}:${runAsGroup}`, only(IMAGE, 'USER'));
  const ports = container.ports.map(({ containerPort }: { containerPort: number }) => containerPort);
  assert.deepEqual(ports.join(' '), only(IMAGE, 'EXPOSE'));
  const mounts = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
  assert.ok(mounts.some((path: string) => environmentOf(IMAGE).ROUTER_CONTROL_SOCKET?.startsWith(`${path}/`)));
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  assert.equal(container.image, `rpc-dart-router:${version}`);
});

test('the termination grace period: covers the shutdown timeout of the router', () => {
  const config = parse(read('config-map').data['config.yaml']);
  const [, pauseSeconds] = container.lifecycle.preStop.exec.command;
  const shutdownSeconds = Number.parseInt(config['shutdown-timeout'], 10);
  assert.ok(pod.terminationGracePeriodSeconds > shutdownSeconds + Number(pauseSeconds));
});

test('the router: accepts the configuration and answers the probes', async () => {
  using folder = new TempFolder();
  const config = folder.write('config.yaml', read('config-map').data['config.yaml']);
  // a test must not use the paths of the pod on this host
  await using router = await RouterProcess.start([
    '--config',
    config,
    '--metrics-host',
    '127.0.0.1',
    '--metrics-port',
    '0',
  ]);
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    const response = await fetch(`http://127.0.0.1:${router.metricsPort}${probe.httpGet.path}`);
    assert.equal(response.status, 200, probe.httpGet.path);
  }
});
