import { readFileSync } from 'node:fs';
import { ROOT } from '../support/program.ts';

export interface Instruction {
  readonly name: string;
  readonly args: string;
}

/** The stages of a Dockerfile, each with its instructions behind FROM. Enough of the format for ours. */
export function readStages(path: string): Instruction[][] {
  const lines = readFileSync(`${ROOT}${path}`, 'utf8')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = '', args = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`${path}: not an instruction: ${line}`);
    if (name === 'FROM') stages.push([]);
    else stages.at(-1)?.push({ name, args });
  }
  return stages;
}

/** The arguments of the only instruction `name`. */
export function only(stage: readonly Instruction[], name: string): string {
  const found = stage.filter((instruction) => instruction.name === name);
  if (found.length !== 1) throw new Error(`${found.length} instructions ${name}`);
  return found[0]?.args ?? '';
}

/** The variables of ENV. */
export function environmentOf(stage: readonly Instruction[]): Record<string, string> {
  const pairs = only(stage, 'ENV')
    .split(/\s+/)
    .map((pair) => pair.split('=', 2));
  return Object.fromEntries(pairs);
}

/** The command of HEALTHCHECK. */
export function healthCheckOf(stage: readonly Instruction[]): string[] {
  return JSON.parse(only(stage, 'HEALTHCHECK').replace(/^.* CMD /, ''));
}
