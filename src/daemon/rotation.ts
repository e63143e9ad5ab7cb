import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { RouterConfig } from '../config/index.ts';
import { daemonEnvironment } from './app-definition.ts';
import { type DaemonCommand, explainSupervisor } from './command.ts';
import { fileName } from './options-file.ts';
import type { Places } from './places.ts';
import { pm2Home, stateFolder } from './pm2-home.ts';
import { removeRotation, rotationFolder, writeRotation } from './rotation-settings.ts';
import { type ProcessDefinition, type ProcessSupervisor, SupervisorError } from './supervisor.ts';

export const ROTATOR_NAME = 'rpc-dart-router-logrotate';
const PM2_LOGROTATE = 'pm2-logrotate';
/** Tells a pm2-logrotate that was started here from one that the user has installed. */
const STARTED_HERE = 'RPC_DART_ROUTER_LOGROTATE';
const CHECK_EVERY_S = 10;

type Environment = Readonly<Record<string, string | undefined>>;

/** Sets log rotation up, once per PM2 home. The router runs already, so that a failure is but a warning. */
export async function setUpRotation(command: DaemonCommand, config: RouterConfig, places: Places): Promise<void> {
  if (!config.logRotation) return;
  try {
    const supervisor = await command.supervisor();
    const others = await supervisor.describe(PM2_LOGROTATE);
    if (others !== null && others.env[STARTED_HERE] === undefined) command.out(command.say('rotationOfOthers'));
    else if (config.logRotator === 'rename') await rotateByRename(command, supervisor, config, places);
    else await ensureRunning(supervisor, pm2LogrotateDefinition(config, command.context.env));
  } catch (error) {
    const reason = error instanceof SupervisorError ? explainSupervisor(command.say, error) : (error as Error).message;
    command.warn(command.say('rotationFailed', { reason }));
  }
}

async function rotateByRename(
  command: DaemonCommand,
  supervisor: ProcessSupervisor,
  config: RouterConfig,
  { logFile }: Places,
): Promise<void> {
  const { env } = command.context;
  const folder = rotationFolder(stateFolder(env));
  writeRotation(folder, fileName(config.name), {
    logFile,
    maxSizeBytes: config.logMaxSize,
    retain: config.logRetain,
  });
  await ensureRunning(supervisor, rotatorDefinition(folder, env));
}

async function ensureRunning(supervisor: ProcessSupervisor, definition: ProcessDefinition): Promise<void> {
  const running = await supervisor.describe(definition.name);
  if (running?.status === 'online' && running.script === definition.script) return;
  if (running !== null) await supervisor.remove(definition.name);
  await supervisor.start(definition);
}

/** Stops rotating the log of a daemon; the rotator goes with the last one. */
export async function forgetRotation(command: DaemonCommand, name: string): Promise<void> {
  const left = removeRotation(rotationFolder(stateFolder(command.context.env)), fileName(name));
  const supervisor = await command.runningSupervisor();
  if (supervisor === null) return;
  const processes = await supervisor.list();
  if (left === 0 && processes.some((process) => process.name === ROTATOR_NAME)) await supervisor.remove(ROTATOR_NAME);
  const isLastRouter = !processes.some(({ env }) => env[STARTED_HERE] === undefined);
  const copier = processes.find((process) => process.name === PM2_LOGROTATE);
  if (isLastRouter && copier?.env[STARTED_HERE] !== undefined) await supervisor.remove(PM2_LOGROTATE);
}

function rotatorDefinition(folder: string, env: Environment): ProcessDefinition {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const script = fileURLToPath(new URL(`./rotator${extension}`, import.meta.url));
  const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
  return {
    ...helperDefinition(ROTATOR_NAME, script, env),
    interpreter_args: [process.execPath, ...loader],
    args: [folder],
  };
}

/** pm2-logrotate from our own dependencies: `pm2 install` would ask the npm registry. */
function pm2LogrotateDefinition(config: RouterConfig, env: Environment): ProcessDefinition {
  const script = createRequire(import.meta.url).resolve('pm2-logrotate/app.js');
  const settings = {
    max_size: config.logMaxSize,
    retain: config.logRetain,
    compress: true,
    workerInterval: CHECK_EVERY_S,
  };
  const definition = helperDefinition(PM2_LOGROTATE, script, env);
  return {
    ...definition,
    interpreter_args: [process.execPath],
    env: { ...definition.env, PM2_HOME: pm2Home(env), [PM2_LOGROTATE]: JSON.stringify(settings) },
  };
}

function helperDefinition(
  name: string,
  script: string,
  env: Environment,
): ProcessDefinition & { env: Record<string, string> } {
  const passedOn = Object.entries(daemonEnvironment(env)).filter(([key]) => !key.startsWith('ROUTER_'));
  return {
    name,
    script,
    interpreter: '/usr/bin/env',
    exec_mode: 'fork',
    instances: 1,
    merge_logs: true,
    autorestart: true,
    exp_backoff_restart_delay: 1000,
    treekill: false,
    watch: false,
    vizion: false,
    pmx: false,
    filter_env: true,
    env: { ...Object.fromEntries(passedOn), [STARTED_HERE]: '1' },
  };
}
