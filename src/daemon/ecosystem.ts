// API of ecosystem.config.js. Must not load pm2, since PM2 itself reads that file.
export { ecosystemApp } from './app-definition.ts';
export { prepareLogFile } from './log-file.ts';
