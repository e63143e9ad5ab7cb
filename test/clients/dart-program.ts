import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from '../monitoring/programs.ts';
import { ROOT } from '../support/program.ts';
import { TempFolder } from '../support/temp.ts';

const PACKAGE = `${ROOT}clients/dart`;
/** Where test/clients/dart-vm puts one. */
const PREPARED_VM = '/var/tmp/dart-vm/dart';
const PROGRAM_LIMIT_MS = 300_000;

/** A Dart that runs source files, or null: `DART` of the environment, on the PATH, or prepared by test/clients/dart-vm. */
export const DART: string | null =
  process.env.DART || findProgram('dart') || (existsSync(PREPARED_VM) ? PREPARED_VM : null);

export const SKIP_WITHOUT_DART: string | false =
  DART === null && 'SKIPPED: no Dart; run test/clients/dart-vm, or put a Dart SDK on the PATH';

export interface ProgramResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a Dart program of the client's package. The bare VM has no pub, so it is given the list of packages. */
export async function runDart(
  program: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<ProgramResult> {
  using folder = new TempFolder();
  const packages = folder.write('package_config.json', JSON.stringify(packageConfig()));
  const child = spawn(DART ?? 'dart', [`--packages=${packages}`, program, ...args], {
    cwd: PACKAGE,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PROGRAM_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

function packageConfig(): object {
  const client = {
    name: 'rpc_dart_router_client',
    rootUri: new URL(`file://${PACKAGE}/`).href,
    packageUri: 'lib/',
    languageVersion: '3.4',
  };
  return { configVersion: 2, packages: [client] };
}
