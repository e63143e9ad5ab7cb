export { optionsFileOf } from './command-line.ts';
export { type LocatedDaemon, locateDaemon, statusOf } from './find-daemon.ts';
export { optionsFile } from './options-file.ts';
export { commandFor, isServiceHidden, type OtherRouter, SERVICE_PID_FILE } from './owner.ts';
export { isPm2Running, pm2Home, pm2Pid, pm2Socket } from './pm2-home.ts';
export { openPorts } from './ports.ts';
export { runDaemonCommand } from './run.ts';
export { settleLater } from './settle.ts';
