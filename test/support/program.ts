import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Arguments for Node that run the program: with TEST_BUILT=1 the build, which is faster and used by `npm test`, otherwise the sources. */
export const PROGRAM: readonly string[] =
  process.env.TEST_BUILT === '1'
    ? [`${ROOT}dist/main.js`]
    : ['--import', fileURLToPath(import.meta.resolve('tsx')), `${ROOT}src/main.ts`];
