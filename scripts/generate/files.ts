import { sampleConfig } from '../../src/config/index.ts';
import { configReference } from './config-reference.ts';
import { configSchema } from './config-schema.ts';
import { metricsReference } from './metrics-reference.ts';
import { openApiDocument } from './openapi.ts';

/** Every generated file: its path from the root, and its content. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['config/config.example.yaml', sampleConfig({ lang: 'en' })],
    ['config/config.example.ru.yaml', sampleConfig({ lang: 'ru' })],
    ['config/config.schema.json', configSchema()],
    ['docs/configuration.md', configReference('en')],
    ['docs/ru/configuration.md', configReference('ru')],
    ['docs/metrics.md', metricsReference()],
    ['docs/openapi.json', await openApiDocument()],
  ]);
}
