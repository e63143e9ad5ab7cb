import { close, url } from 'node:inspector';

/**
 * Closes a debugger that nobody asked for: a SIGUSR1 while Node itself starts, before any module of ours can set a handler,
 * opens one on port 9229. Returns whether there was one.
 */
export function closeStrayDebugger(execArgv: readonly string[], nodeOptions: string): boolean {
  if (url() === undefined) return false;
  const isWanted = [...execArgv, ...nodeOptions.split(/\s+/)].some((option) => option.startsWith('--inspect'));
  if (!isWanted) close();
  return !isWanted;
}
