import { controlSocketBeside, type RouterConfig } from '../config/index.ts';
import { fileName } from './options-file.ts';
import { absolutePath } from './working-folder.ts';

/** The files of one daemon. */
export interface DaemonPaths {
  readonly pidFile: string;
  readonly logFile: string;
  readonly controlSocket: string;
}

const DEFAULT_NAME = 'rpc-dart-router';

/** Paths of a daemon with this configuration. The defaults are those of the operator's guide; they contain any non-default name. */
export function daemonPathsOf(config: RouterConfig): DaemonPaths {
  const stem = config.name === DEFAULT_NAME ? 'rpc_dart_router' : `rpc_dart_router.${fileName(config.name)}`;
  const pidFile = absolutePath(config.pidFile ?? `/tmp/${stem}.pid`);
  return {
    pidFile,
    logFile: absolutePath(config.logFile === null || config.logFile === '-' ? `/tmp/${stem}.log` : config.logFile),
    controlSocket: absolutePath(config.controlSocket ?? controlSocketBeside(pidFile)),
  };
}
