import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentName, OPTIONS } from './options.ts';
import { isServiceLink, serviceLinkWarning } from './service-links.ts';
import { readEnvironment } from './sources.ts';

/** Variables that Kubernetes sets for the services `router` and `router-metrics`. */
const LINKS = {
  ROUTER_SERVICE_HOST: '10.96.0.7',
  ROUTER_SERVICE_PORT: '8080',
  ROUTER_SERVICE_PORT_GRPC: '8080',
  ROUTER_PORT: 'tcp://10.96.0.7:8080',
  ROUTER_PORT_8080_TCP: 'tcp://10.96.0.7:8080',
  ROUTER_PORT_8080_TCP_PROTO: 'tcp',
  ROUTER_PORT_8080_TCP_PORT: '8080',
  ROUTER_PORT_8080_TCP_ADDR: '10.96.0.7',
  ROUTER_METRICS_SERVICE_HOST: '10.96.0.8',
  ROUTER_METRICS_PORT: 'tcp://10.96.0.8:9090',
  ROUTER_PORT_53_UDP_ADDR: '10.96.0.8',
};

test('service links: Kubernetes variables are ignored with a warning', () => {
  assert.deepEqual(readEnvironment(LINKS), { values: [], problems: [] });
  assert.match(serviceLinkWarning(LINKS)?.en ?? '', /^Ignored 11 variables .*\(ROUTER_METRICS_PORT\)/);
  assert.match(serviceLinkWarning(LINKS)?.ru ?? '', /всего: 11/);
});

test('service links: options are read and mistakes reported despite them', () => {
  const { values, problems } = readEnvironment({ ...LINKS, ROUTER_METRICS_PORT: '9091', ROUTER_SERVICE: '1' });
  assert.deepEqual(
    values.map(({ where, text }) => `${where}=${text}`),
    ['ROUTER_METRICS_PORT=9091'],
  );
  assert.equal(problems.length, 1);
  assert.equal(serviceLinkWarning({ ROUTER_PORT: '8080', PORT: 'tcp://1.2.3.4:5', HOME: '/' }), null);
});

test('service links: no option name matches the pattern', () => {
  for (const option of OPTIONS) assert.equal(isServiceLink(environmentName(option), '1'), false, option.key);
});
