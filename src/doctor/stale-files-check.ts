import { lstatSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isAlive, isRouter, readPid } from '../host/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, ok, warn } from './finding.ts';

const messages = defineMessages({
  none: { en: 'No pid file or socket of a router that is gone', ru: 'Нет pid файлов и сокетов завершившихся роутеров' },
  live: { en: '{path}: a router runs with the PID {pid}', ru: '{path}: работает роутер с PID {pid}' },
  stale: { en: '{path}: no process has the PID {pid}', ru: '{path}: процесса с PID {pid} нет' },
  reused: { en: '{path}: the PID {pid} belongs to another program', ru: '{path}: PID {pid} занят другой программой' },
  broken: { en: '{path}: no PID in it', ru: '{path}: в файле нет PID' },
  remove: { en: 'rm {path}; --daemon-start does it as well', ru: 'rm {path}; --daemon-start сделает это и сам' },
  deaf: { en: '{path}: nobody answers on this socket', ru: '{path}: на этом сокете никто не отвечает' },
  removeSocket: { en: 'rm {path}', ru: 'rm {path}' },
});

/** What routers leave is called so, whatever their name is. */
const ROUTER_FILE = /^rpc_dart_router.*\.(pid|sock)$/;
const CONNECT_TIMEOUT_MS = 1000;

/** Files of routers that were killed. */
export const staleFilesCheck: Check = {
  name: 'leftovers',
  async run(context) {
    const { pidFile, controlSocket } = context.daemon.places;
    const found = new Set([pidFile, controlSocket, ...context.pidFolders.flatMap(filesIn)]);
    const findings = await Promise.all([...found].sort().map((path) => checkFile(path, context)));
    const seen = findings.flat();
    return seen.length > 0 ? seen : [ok(messages(context.lang)('none'))];
  },
};

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => ROUTER_FILE.test(name))
      .map((name) => join(folder, name));
  } catch {
    return []; // not there, or not ours to see
  }
}

async function checkFile(path: string, { lang }: DoctorContext): Promise<Finding[]> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const t = messages(lang);
  if (stats.isSocket())
    return (await acceptsConnections(path)) ? [] : [warn(t('deaf', { path }), t('removeSocket', { path }))];
  const advice = t('remove', { path });
  const pid = readPid(path);
  if (pid === null) return [warn(t('broken', { path }), advice)];
  if (!isAlive(pid)) return [warn(t('stale', { path, pid }), advice)];
  return [isRouter(pid) ? ok(t('live', { path, pid })) : warn(t('reused', { path, pid }), advice)];
}

function acceptsConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => finish(false));
    socket.once('connect', () => finish(true)).once('error', () => finish(false));
  });
}
