/**
 * Preloaded into a router: while the file FAILURE_FILE contains an error code, system calls fail with it. Calls for sockets,
 * time and CPU usage are excluded: the first report errors as events, the others use no descriptor or file.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { readFileSync } = fs;
const LOOK_EVERY_MS = 10;
const CALLS = [
  ...['accessSync', 'chmodSync', 'closeSync', 'createReadStream', 'createWriteStream', 'existsSync', 'fstatSync'],
  ...['linkSync', 'lstatSync', 'mkdirSync', 'openSync', 'readFileSync', 'readSync', 'readdirSync', 'readlinkSync'],
  ...['renameSync', 'rmSync', 'statSync', 'unlinkSync', 'writeFileSync', 'writeSync'],
];
let code = '';

function failing(call, name) {
  return (...args) => {
    if (code === '') return call(...args);
    throw Object.assign(new Error(`${code}: made to fail, ${name}`), { code, syscall: name });
  };
}

for (const name of CALLS) fs[name] = failing(fs[name], name);
const memoryUsage = failing(process.memoryUsage, 'uv_resident_set_memory');
memoryUsage.rss = failing(process.memoryUsage.rss, 'uv_resident_set_memory');
process.memoryUsage = memoryUsage;
process.cwd = failing(process.cwd.bind(process), 'uv_cwd');
syncBuiltinESMExports();

setInterval(() => {
  code = readFileSync(process.env.FAILURE_FILE, 'utf8').trim();
}, LOOK_EVERY_MS).unref();
