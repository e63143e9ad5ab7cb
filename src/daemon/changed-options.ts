import type { DaemonPaths } from './daemon-paths.ts';
import { optionKey, optionsToSave } from './options-file.ts';
import { workingFolder } from './working-folder.ts';

/** The options given to a command for a running daemon, without those that only select it (its own paths) or the output language. */
export function changedOptions(argv: readonly string[], paths: DaemonPaths): string[] {
  const known = [
    `--pid-file=${paths.pidFile}`,
    `--control-socket=${paths.controlSocket}`,
    `--log-file=${paths.logFile}`,
  ];
  return optionsToSave(argv, workingFolder()).filter(
    (option) => !known.includes(option) && optionKey(option) !== 'lang',
  );
}
