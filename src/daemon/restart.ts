import { EXIT } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { daemonEnvironment } from './app-definition.ts';
import type { DaemonCommand } from './command.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { type LocatedDaemon, locateDaemon } from './find-daemon.ts';
import { type LaunchOutcome, launch, type StartEnvironment } from './launch.ts';
import { reportNotRunning } from './not-running.ts';
import { mergeOptions, optionsToSave, readOptions } from './options-file.ts';
import { requireSpace } from './pm2-home.ts';
import { restartRolling } from './rolling-restart.ts';
import { setUpRotation } from './rotation.ts';
import { commandFor, ownerOf } from './router-owner.ts';
import { reportFailedStart, reportStarted, reportUnsafeLog, warnAboutNodeOptions } from './start.ts';
import { loadDaemonConfig, routerVariables, startOptions } from './start-options.ts';
import { stopProcess } from './stop.ts';
import { workingFolder } from './working-folder.ts';

/** Options of a start and the resulting configuration. */
interface StartPlan {
  readonly options: readonly string[];
  readonly config: RouterConfig;
  readonly paths: DaemonPaths;
}

/** `--daemon-restart`: a graceful stop, then a start with the saved options, overridden by those given now. */
export async function restartDaemon(command: DaemonCommand): Promise<number> {
  const { config, env } = command.context;
  const found = await locateDaemon(config, env, await command.runningSupervisor());
  if (found.pid === null && found.supervised === null) {
    reportNotRunning(command, found, 'restart');
    return EXIT.notRunning;
  }
  if (!found.isOwn) return refuseForeign(command, found);
  const code = config.rolling ? await restartRolling(command, found) : null;
  return code ?? (await stopAndStart(command, found));
}

/** Refuses a router of another PM2 home, whose options are unknown here. */
function refuseForeign(command: DaemonCommand, { pid, paths }: LocatedDaemon): number {
  const owner = ownerOf(pid ?? 0);
  const hint = command.t('hintCommand', { command: commandFor({ pid: pid ?? 0, paths, owner }, 'restart') });
  command.printError(command.t('notOwn', { pid: pid ?? '—', command: owner.pm2Home === null ? '' : hint }));
  return EXIT.failed;
}

async function stopAndStart(command: DaemonCommand, found: LocatedDaemon): Promise<number> {
  const { config, env, argv } = command.context;
  const { supervised } = found;
  const saved = supervised === null ? (readOptions(env, config.name) ?? []) : startOptions(env, supervised);
  const folder = workingFolder();
  const previous = { env: supervised?.env ?? env, folder };
  // the current environment overrides ROUTER_* variables of the previous start; the others stay
  const environment = { env: { ...routerVariables(previous.env), ...env }, folder };
  const before = makePlan(command, saved, previous.env);
  const next = makePlan(command, mergeOptions(saved, optionsToSave(argv, folder)), environment.env);
  if (next === null) return EXIT.usage;
  warnAboutNodeOptions(command, next.config);
  requireSpace(env); // checked before the stop, so that a full disk does not leave the host without a router
  if (!(await stopOld(command, found))) return EXIT.failed;
  const launched = await reportUnsafeLog(command, () => startPlan(command, next, environment));
  if (launched?.ok) {
    await setUpRotation(command, next.config);
    reportStarted(command, launched.status.pid, next.paths);
    return EXIT.done;
  }
  const code = launched === null ? EXIT.failed : reportFailedStart(command, launched, next.paths);
  const isChanged =
    !isSame(before?.options, next.options) || !isSame(passedVariables(previous), passedVariables(environment));
  if (before !== null && isChanged) await rollBack(command, before, previous);
  return code;
}

/** Loads the configuration of these options; prints the problems and returns null if it is invalid. */
function makePlan(command: DaemonCommand, options: readonly string[], env: StartEnvironment['env']): StartPlan | null {
  const loaded = loadDaemonConfig(options, env);
  if (loaded.ok) {
    const config = { ...loaded.config, name: command.context.config.name };
    return { options, config, paths: daemonPathsOf(config) };
  }
  for (const problem of loaded.problems) command.printError(problem[command.context.lang]);
  return null;
}

async function stopOld(command: DaemonCommand, found: LocatedDaemon): Promise<boolean> {
  if (found.pid === null) {
    await (await command.supervisor()).remove(command.context.config.name);
    return true;
  }
  command.printLine(command.t('restarting', { pid: found.pid }));
  const stopped = await stopProcess(command, found, found.pid);
  if (stopped === 'gracefully' || stopped === 'byForce') return true;
  command.printError(command.t(stopped === 'failed' ? 'stopFailed' : 'noPermission', { pid: found.pid }));
  return false;
}

function startPlan(
  command: DaemonCommand,
  { config, paths, options }: StartPlan,
  environment: StartEnvironment,
): Promise<LaunchOutcome> {
  return launch(command, config, paths, options, environment);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function passedVariables({ env }: StartEnvironment): [string, string][] {
  return Object.entries(daemonEnvironment(env)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Starts the router with its previous options after the start with new options failed. */
async function rollBack(command: DaemonCommand, before: StartPlan, environment: StartEnvironment): Promise<void> {
  const launched = await reportUnsafeLog(command, () => startPlan(command, before, environment));
  if (launched?.ok) command.printWarning(command.t('oldRunsAgain', { pid: launched.status.pid }));
  else if (launched !== null) reportFailedStart(command, launched, before.paths);
}
