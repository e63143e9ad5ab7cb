// The program that PM2 runs for --log-rotator pm2-logrotate: the copy among our own dependencies, with the settings that
// are given as JSON. PM2's way of handing them over makes a boolean of "true", which pm2-logrotate 3.0.0 does not
// recognise: it could not be told to compress.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

interface Pmx {
  initModule(options: object): object;
}

const app = createRequire(import.meta.url).resolve('pm2-logrotate/app.js');
// its settings are looked for in the package.json of the folder that it runs in
process.chdir(dirname(app));
const requireThere = createRequire(app);
const settings = JSON.parse(process.argv[2] ?? '{}') as object;
const pmx = requireThere('pmx') as Pmx;
const initModule = pmx.initModule.bind(pmx);
pmx.initModule = (options) => ({ ...initModule(options), ...settings });
requireThere(app);
