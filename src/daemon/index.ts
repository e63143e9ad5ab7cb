export { askStatus } from './control.ts';
export { type LocatedDaemon, locateDaemon } from './find-daemon.ts';
export { optionsFile } from './options-file.ts';
export { isPm2Running, pm2Home, pm2Pid, pm2Socket } from './pm2-home.ts';
export { openPorts } from './ports.ts';
export { isAlive, isRouter, readPid } from './processes.ts';
export { runDaemonCommand } from './run.ts';
