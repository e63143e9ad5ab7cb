export { runTop } from './run.ts';
