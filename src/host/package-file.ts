/** Folder of the program below the package's root: the sources, or the build with its bundled chunks. */
const FOLDER = import.meta.url.endsWith('.ts') ? 'src' : 'dist';
const ROOT = import.meta.url.slice(0, import.meta.url.lastIndexOf(`/${FOLDER}/`) + 1);

/** URL of a file of this package by its path from the package's root, the same in the sources and in the bundled build. */
export function packageFile(path: string): URL {
  return new URL(path, ROOT);
}

/** URL of a file that the build copies as it is, by its path below `src/`. */
export function assetFile(path: string): URL {
  return packageFile(`${FOLDER}/${path}`);
}

/** URL of a module that is started as a program, by its path below `src/` without the extension. */
export function programFile(path: string): URL {
  return assetFile(`${path}${FOLDER === 'src' ? '.ts' : '.js'}`);
}
