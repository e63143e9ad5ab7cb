import { configName, DEFAULT_CONFIG, formatValue, isFileKey, OPTIONS, type Option } from '../../src/config/index.ts';

type Schema = Readonly<Record<string, unknown>>;

/** config.schema.json: lets an editor complete and check a configuration file. */
export function configSchema(): string {
  const options = (OPTIONS as readonly Option[]).filter((option) => isFileKey(option) && option.hidden !== true);
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'rpc-dart-router',
    description: 'Configuration file of rpc-dart-router. Generated from the options table.',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(options.map((option) => [option.key, property(option)])),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function property(option: Option): Schema {
  const value = DEFAULT_CONFIG[configName(option)];
  const written = typeof value === 'number' && option.type !== 'integer' ? formatValue(option, value) : value;
  return { description: option.doc.en, ...(value === null ? {} : { default: written }), ...kindOf(option) };
}

/** A key without a value counts as absent. */
function kindOf(option: Option): Schema {
  switch (option.type) {
    case 'boolean':
      return { type: ['boolean', 'null'] };
    case 'integer': {
      const range = { type: 'integer', minimum: option.range[0], maximum: option.range[1] };
      const special = option.special === undefined ? [] : [{ const: option.special }];
      const words = Object.keys(option.words ?? {}).map((word) => ({ const: word }));
      return { anyOf: [range, ...special, ...words, { type: 'null' }] };
    }
    case 'duration':
      return { type: ['string', 'number', 'null'], pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)?$', minimum: 0 };
    case 'bytes':
      return {
        type: ['string', 'integer', 'null'],
        pattern: '^\\d+(\\.\\d+)?\\s*([kKmMgG])?([iI]?[bB])?$',
        minimum: 0,
      };
    case 'choice':
      return { enum: [...option.choices, null] };
    default:
      return { type: ['string', 'null'], minLength: 1 };
  }
}
