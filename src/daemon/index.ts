export { optionsFileOf } from './command-line.ts';
export { markStoppedLater } from './final-state.ts';
export { type LocatedDaemon, locateDaemon, statusOf } from './find-daemon.ts';
export { openPorts } from './open-ports.ts';
export { optionsFile } from './options-file.ts';
export { isPm2Running, pm2Home, pm2Pid, pm2Socket } from './pm2-home.ts';
export { commandFor, isServiceHidden, type OtherRouter, SERVICE_PID_FILE } from './router-owner.ts';
export { runDaemonCommand } from './run.ts';
