import { EXIT } from '../cli/index.ts';
import type { RouterConfig } from '../config/index.ts';
import { daemonEnvironment } from './app-definition.ts';
import type { DaemonCommand } from './command.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { type LocatedDaemon, locateDaemon } from './find-daemon.ts';
import { type Launched, launch, type StartEnvironment } from './launch.ts';
import { explainNotRunning } from './not-running.ts';
import { keptOptions, mergeOptions, readOptions } from './options-file.ts';
import { commandFor, ownerOf } from './owner.ts';
import { requireSpace } from './pm2-home.ts';
import { setUpRotation } from './rotation.ts';
import { explainFailure, refusingUnsafeLogs, reportStarted, warnOfNodeOptions } from './start.ts';
import { configurationOf, routerVariables, startedWith } from './started-with.ts';
import { stopProcess } from './stop.ts';
import { workingFolder } from './working-folder.ts';

/** Options, and the configuration that they make. */
interface Plan {
  readonly options: readonly string[];
  readonly config: RouterConfig;
  readonly places: DaemonPaths;
}

/** `--daemon-restart`: a graceful stop and a start with the same options; given ones replace them. */
export async function restartDaemon(command: DaemonCommand): Promise<number> {
  const { config, env, argv } = command.context;
  const found = await locateDaemon(config, env, await command.runningSupervisor());
  if (found.pid === null && found.supervised === null) {
    explainNotRunning(command, found, 'restart');
    return EXIT.notRunning;
  }
  if (!found.isOwn) {
    const { pid, places } = found;
    const owner = ownerOf(pid ?? 0);
    const hint = command.t('hintCommand', { command: commandFor({ pid: pid ?? 0, places, owner }, 'restart') });
    command.printError(command.t('notOwn', { pid: pid ?? '—', command: owner.pm2Home === null ? '' : hint }));
    return EXIT.failed;
  }
  const { supervised } = found;
  const kept = supervised === null ? (readOptions(env, config.name) ?? []) : startedWith(env, supervised);
  const folder = workingFolder();
  const former = { env: supervised?.env ?? env, folder };
  // the environment is read again; options of the start that are not given now stay
  const surroundings = { env: { ...routerVariables(former.env), ...env }, folder };
  const before = plan(command, kept, former.env);
  const next = plan(command, mergeOptions(kept, keptOptions(argv, folder)), surroundings.env);
  if (next === null) return EXIT.usage;
  warnOfNodeOptions(command, next.config);
  requireSpace(env); // before the old one is stopped
  if (!(await stopOld(command, found))) return EXIT.failed;
  const launched = await refusingUnsafeLogs(command, () => start(command, next, surroundings));
  if (launched?.ok) {
    await setUpRotation(command, next.config);
    reportStarted(command, launched.status.pid, next.places);
    return EXIT.done;
  }
  const code = launched === null ? EXIT.failed : explainFailure(command, launched, next.places);
  const isChanged = !isSame(before?.options, next.options) || !isSame(passedOn(former), passedOn(surroundings));
  if (before !== null && isChanged) await rollBack(command, before, former);
  return code;
}

/** Null, with the problems said, when these options make no valid configuration. */
function plan(command: DaemonCommand, options: readonly string[], env: StartEnvironment['env']): Plan | null {
  const loaded = configurationOf(options, env);
  if (loaded.ok) {
    const config = { ...loaded.config, name: command.context.config.name };
    return { options, config, places: daemonPathsOf(config) };
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

function start(
  command: DaemonCommand,
  { config, places, options }: Plan,
  surroundings: StartEnvironment,
): Promise<Launched> {
  return launch(command, config, places, options, surroundings);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function passedOn({ env }: StartEnvironment): [string, string][] {
  return Object.entries(daemonEnvironment(env)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A router with its former options is better than none. */
async function rollBack(command: DaemonCommand, before: Plan, surroundings: StartEnvironment): Promise<void> {
  const launched = await refusingUnsafeLogs(command, () => start(command, before, surroundings));
  if (launched?.ok) command.printWarning(command.t('oldRunsAgain', { pid: launched.status.pid }));
  else if (launched !== null) explainFailure(command, launched, before.places);
}
