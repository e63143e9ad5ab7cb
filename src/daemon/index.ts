export { runDaemonCommand } from './run.ts';
