/** A strict parser of the Prometheus text format, independent of prom-client. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;

/** The metric families of an exposition; throws on violations of the format. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  let help: readonly [string, string] | null = null;
  let current: Family | null = null;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('# HELP ')) {
      const [, , name = '', ...words] = line.split(' ');
      help = [name, words.join(' ')];
    } else if (line.startsWith('# TYPE ')) {
      const [, , name = '', type = ''] = line.split(' ');
      if (help?.[0] !== name) throw new Error(`TYPE without its HELP: ${line}`);
      if (families.has(name)) throw new Error(`family twice: ${name}`);
      current = { name, help: help[1], type, samples: [] };
      families.set(name, current);
    } else if (current === null) throw new Error(`sample before any TYPE: ${line}`);
    else addSample(current, line);
  }
  return families;
}

function addSample(family: Family, line: string): void {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name = '', labels = '', number = ''] = match;
  const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => name === family.name + suffix)) throw new Error(`${name} stands under ${family.name}`);
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  const sample = { name, labels: parseLabels(labels), value };
  const key = JSON.stringify([name, sample.labels]);
  if (family.samples.some((other) => JSON.stringify([other.name, other.labels]) === key))
    throw new Error(`twice: ${line}`);
  family.samples.push(sample);
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`no labels: ${text}`);
    labels[match[1] as string] = match[2] as string;
  }
  return labels;
}

/** Checks for each set of labels that buckets increase, end with +Inf, and match count and sum. */
export function checkHistogram(family: Family): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of family.samples) {
    const key = JSON.stringify(Object.entries(sample.labels).filter(([name]) => name !== 'le'));
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [group, samples] of groups) {
    const buckets = samples.filter(({ name }) => name.endsWith('_bucket'));
    const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)));
    const count = samples.find(({ name }) => name.endsWith('_count'))?.value;
    const sum = samples.find(({ name }) => name.endsWith('_sum'))?.value ?? Number.NaN;
    const problem = (text: string): Error => new Error(`${family.name} ${group}: ${text}`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw problem('no +Inf bucket at the end');
    if (buckets.at(-1)?.value !== count) throw problem('+Inf bucket and count differ');
    for (let i = 1; i < buckets.length; i++) {
      if ((bounds[i] as number) <= (bounds[i - 1] as number)) throw problem('bounds do not grow');
      if ((buckets[i]?.value ?? 0) < (buckets[i - 1]?.value ?? 0)) throw problem('buckets shrink');
    }
    if (!(sum >= 0) || (sum === 0) !== (count === 0)) throw problem('sum and count disagree');
  }
}
