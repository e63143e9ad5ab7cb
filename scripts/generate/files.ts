import { sampleConfig } from '../../src/config/index.ts';
import { configReference } from './config-reference.ts';
import { configSchema } from './config-schema.ts';
import { metricsReference } from './metrics-reference.ts';

/** Every generated file: its path from the root, and its content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['config/config.example.yaml', sampleConfig({ lang: 'en' })],
    ['config/config.example.ru.yaml', sampleConfig({ lang: 'ru' })],
    ['config/config.schema.json', configSchema()],
    ['docs/configuration.md', configReference('en')],
    ['docs/ru/configuration.md', configReference('ru')],
    ['docs/metrics.md', metricsReference()],
  ]);
}
