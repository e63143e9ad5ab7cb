export { runControlCommand } from './run.ts';
