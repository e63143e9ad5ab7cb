import { lstatSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isAlive, isRouter, readPid } from '../host/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, ok, warn } from './finding.ts';

const messages = defineMessages({
  none: { en: 'No stale PID files or sockets', ru: 'Нет устаревших PID файлов и сокетов' },
  live: { en: '{path}: a router is running with PID {pid}', ru: '{path}: работает роутер с PID {pid}' },
  stale: { en: '{path}: no process has PID {pid}', ru: '{path}: процесса с PID {pid} нет' },
  reused: { en: '{path}: PID {pid} belongs to another program', ru: '{path}: PID {pid} занят другой программой' },
  broken: { en: '{path}: contains no PID', ru: '{path}: в файле нет PID' },
  remove: { en: 'rm {path}; --daemon-start also removes it', ru: 'rm {path}; --daemon-start также удаляет его' },
  unanswered: {
    en: '{path}: no process accepts connections on this socket',
    ru: '{path}: ни один процесс не принимает соединения на этом сокете',
  },
  removeSocket: { en: 'rm {path}', ru: 'rm {path}' },
});

/** PID files and sockets of routers with any name. */
const ROUTER_FILE = /^rpc_dart_router.*\.(pid|sock)$/;
const CONNECT_TIMEOUT_MS = 1000;

/** Files left by killed routers. */
export const staleFilesCheck: Check = {
  name: 'leftovers',
  async run(context) {
    const { pidFile, controlSocket } = context.daemon.paths;
    const paths = new Set([pidFile, controlSocket, ...context.pidFolders.flatMap(filesIn)]);
    const findings = await Promise.all([...paths].sort().map((path) => checkFile(path, context)));
    const flat = findings.flat();
    return flat.length > 0 ? flat : [ok(messages(context.lang)('none'))];
  },
};

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => ROUTER_FILE.test(name))
      .map((name) => join(folder, name));
  } catch {
    return []; // missing, or not readable
  }
}

async function checkFile(path: string, { lang }: DoctorContext): Promise<Finding[]> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const t = messages(lang);
  if (stats.isSocket())
    return (await acceptsConnections(path)) ? [] : [warn(t('unanswered', { path }), t('removeSocket', { path }))];
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
