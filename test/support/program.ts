import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Arguments for Node that run the program: as built with TEST_BUILT=1, which is faster and what `npm test` does, else from the sources. */
export const PROGRAM: readonly string[] =
  process.env.TEST_BUILT === '1'
    ? [`${ROOT}dist/main.js`]
    : ['--import', fileURLToPath(import.meta.resolve('tsx')), `${ROOT}src/main.ts`];
