// PM2 runs this program for --log-rotator pm2-logrotate. It loads the installed pm2-logrotate with settings given as JSON.
// Settings passed through PM2 become booleans, which pm2-logrotate 3.0.0 ignores, so that compression could not be enabled.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

interface Pmx {
  initModule(options: object): object;
}

const app = createRequire(import.meta.url).resolve('pm2-logrotate/app.js');
// pmx reads the settings from the package.json in the working folder
process.chdir(dirname(app));
const requireThere = createRequire(app);
const settings = JSON.parse(process.argv[2] ?? '{}') as object;
const pmx = requireThere('pmx') as Pmx;
const initModule = pmx.initModule.bind(pmx);
pmx.initModule = (options) => ({ ...initModule(options), ...settings });
requireThere(app);
