/** The part of JSON Schema in use by the schemas of this project. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

const KNOWN = new Set(['type', 'enum', 'pattern', 'required', 'properties', 'additionalProperties']);
const NOTES = new Set(['$schema', 'title', 'description', 'format']);

/** Errors in `value` with their paths; throws for an unsupported keyword. */
export function violations(schema: Schema, value: unknown, place = ''): string[] {
  for (const keyword of Object.keys(schema)) {
    if (!KNOWN.has(keyword) && !NOTES.has(keyword)) throw new Error(`${keyword} is not checked`);
  }
  return [...wrongValue(schema, value, place), ...(isObject(value) ? wrongMembers(schema, value, place) : [])];
}

function wrongValue({ type, enum: allowed, pattern }: Schema, value: unknown, place: string): string[] {
  const problems: string[] = [];
  if (type !== undefined && ![type].flat().includes(typeOf(value))) problems.push(`${place} is a ${typeOf(value)}`);
  if (allowed !== undefined && !allowed.includes(value)) problems.push(`${place} is ${String(value)}`);
  if (pattern !== undefined && !new RegExp(pattern).test(String(value))) problems.push(`${place} is ${String(value)}`);
  return problems;
}

function wrongMembers(schema: Schema, value: Readonly<Record<string, unknown>>, place: string): string[] {
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key));
  const members = Object.entries(value).flatMap(([key, member]) => {
    const rule = schema.properties?.[key] ?? schema.additionalProperties;
    return rule === undefined ? [] : violations(rule, member, `${place}.${key}`);
  });
  return [...missing.map((key) => `${place}.${key} is missing`), ...members];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === 'object';
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
