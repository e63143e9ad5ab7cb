// What ecosystem.config.js needs, without anything that loads pm2: PM2 itself reads that file.
export { ecosystemApp } from './app-definition.ts';
export { prepareLogFile } from './log-file.ts';
