// sample-config.mjs LANGUAGE [PORT [METRICS_PORT]]: prints a commented config.yaml for this version.
import { sampleConfig } from '../../dist/config/sample-config.js';

const [lang, port, metricsPort] = process.argv.slice(2);
process.stdout.write(
  sampleConfig({
    lang: lang === 'ru' ? 'ru' : 'en',
    values: {
      host: '0.0.0.0',
      port: port || '8080',
      'max-connections': '10000',
      'log-level': 'info',
      stats: 'true',
      metrics: 'true',
      'metrics-port': metricsPort || '9090',
      // below the MemoryMax=1G of the unit, with room for PM2
      'max-memory': '800M',
    },
    // the unit of the service sets these paths
    leaveOut: ['name', 'pid-file', 'log-file', 'control-socket', 'ports-file'],
  }),
);
