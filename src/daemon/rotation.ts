import { fileURLToPath } from 'node:url';
import type { RouterConfig } from '../config/index.ts';
import { programFile } from '../host/index.ts';
import { daemonEnvironment, FILTER_ALL_VARIABLES, nodeProgram } from './app-definition.ts';
import { type DaemonCommand, explainSupervisor } from './command.ts';
import { pm2Home } from './pm2-home.ts';
import {
  type ProcessDefinition,
  type ProcessSupervisor,
  type SupervisedProcess,
  SupervisorError,
} from './supervisor.ts';

/** Process name of a pm2-logrotate that the user installed. */
const USER_PM2_LOGROTATE = 'pm2-logrotate';
/** Process name of the pm2-logrotate that `setUpRotation` starts. */
const OWN_PM2_LOGROTATE = 'rpc-dart-router-logrotate';
const PM2_LOGROTATE_PROGRAM = fileURLToPath(programFile('daemon/run-pm2-logrotate'));
const CHECK_INTERVAL_S = 10;
const RESPAWN_DELAY_MS = 1000;

type Environment = Readonly<Record<string, string | undefined>>;

/** The program that rotates a daemon's log. */
export type Rotator = 'router' | 'pm2-logrotate' | 'pm2-logrotate of the user' | 'none';

/** Only one program may rotate a file: a pm2-logrotate that the user installed takes precedence. */
export async function chooseRotator(supervisor: ProcessSupervisor, config: RouterConfig): Promise<Rotator> {
  if (!config.logRotation) return 'none';
  if ((await supervisor.describe(USER_PM2_LOGROTATE)) !== null) return 'pm2-logrotate of the user';
  return config.logRotator === 'rename' ? 'router' : 'pm2-logrotate';
}

/** Sets log rotation up, once per PM2 home. The router runs already, so a failure is only a warning. */
export async function setUpRotation(command: DaemonCommand, config: RouterConfig): Promise<void> {
  try {
    const supervisor = await command.supervisor();
    const rotator = await chooseRotator(supervisor, config);
    if (rotator === 'pm2-logrotate of the user') command.printLine(command.t('rotationOfOthers'));
    if (rotator === 'pm2-logrotate')
      await ensureRunning(supervisor, pm2LogrotateDefinition(config, command.context.env));
  } catch (error) {
    const reason = error instanceof SupervisorError ? explainSupervisor(command.t, error) : (error as Error).message;
    command.printWarning(command.t('rotationFailed', { reason }));
  }
}

async function ensureRunning(supervisor: ProcessSupervisor, definition: ProcessDefinition): Promise<void> {
  const running = await supervisor.describe(definition.name);
  if (running?.status === 'online' && running.script === PM2_LOGROTATE_PROGRAM) return;
  if (running !== null) await supervisor.remove(definition.name);
  await supervisor.start(definition);
}

/** Removes the pm2-logrotate of `setUpRotation` if PM2 runs no other program. */
export async function removeUnusedRotation(command: DaemonCommand): Promise<void> {
  const supervisor = await command.runningSupervisor();
  const processes = (await supervisor?.list()) ?? [];
  if (processes.length > 0 && processes.every(({ name }) => name === OWN_PM2_LOGROTATE))
    await supervisor?.remove(OWN_PM2_LOGROTATE);
}

/** True if PM2 runs nothing and will restart nothing, apart from the pm2-logrotate of `setUpRotation`. */
export function isPm2Idle(processes: readonly SupervisedProcess[]): boolean {
  return processes.every(
    ({ name, status }) => name === OWN_PM2_LOGROTATE || status === 'stopped' || status === 'errored',
  );
}

/** pm2-logrotate from the dependencies of this package: `pm2 install` would download it from the npm registry. */
function pm2LogrotateDefinition(config: RouterConfig, env: Environment): ProcessDefinition {
  const settings = {
    max_size: config.logMaxSize,
    retain: config.logRetain,
    compress: 'true',
    workerInterval: CHECK_INTERVAL_S,
  };
  const passedOn = Object.entries(daemonEnvironment(env)).filter(([key]) => !key.startsWith('ROUTER_'));
  return {
    name: OWN_PM2_LOGROTATE,
    ...nodeProgram(PM2_LOGROTATE_PROGRAM),
    args: [JSON.stringify(settings)],
    autorestart: true,
    exp_backoff_restart_delay: RESPAWN_DELAY_MS,
    watch: false,
    vizion: false,
    filter_env: FILTER_ALL_VARIABLES,
    env: { ...Object.fromEntries(passedOn), PM2_HOME: pm2Home(env) },
  };
}
