// For PM2 itself: `pm2 start ecosystem.config.js` runs the same process as `rpc-dart-router --daemon-start`.
// Its options come from ROUTER_* variables and from /etc/rpc-dart-router/config.yaml, when that is there.
// Needs the build: npm ci && npm run build.
import { ecosystemApp, prepareLogFile } from './dist/daemon/ecosystem.js';

const { app, paths } = ecosystemApp('/etc/rpc-dart-router/config.yaml', {
  env: process.env,
  folder: process.cwd(),
});
prepareLogFile(paths.logFile);

export const apps = [app];
