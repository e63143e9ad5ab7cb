/** The control socket that belongs to a pid file: `x.pid` and `x.sock`. */
export function controlSocketBeside(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, '')}.sock`;
}
