import { fileURLToPath } from 'node:url';
import { programFile } from '../host/index.ts';
import type { Program } from './worker-process.ts';

/** The command line of this installation, without arguments of the router. */
export function ownProgram(): Program {
  return [process.execPath, ...process.execArgv, fileURLToPath(programFile('main'))];
}
