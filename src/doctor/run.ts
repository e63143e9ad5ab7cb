import { existsSync, readFileSync } from 'node:fs';
import { type CommandContext, EXIT, fetchStatus, paint } from '../cli/index.ts';
import { loadConfig, VERSION } from '../config/index.ts';
import { locateDaemon, type OtherRouter, optionsFile, optionsFileOf } from '../daemon/index.ts';
import { defineMessages } from '../text/index.ts';
import type { DoctorContext, Outcome } from './finding.ts';
import { type NamedFinding, runChecks } from './run-checks.ts';

const messages = defineMessages({
  summary: {
    en: 'Checks: {count} (ok: {ok}, warnings: {warn}, failures: {fail})',
    ru: 'Проверок: {count} (в порядке: {ok}, предупреждений: {warn}, ошибок: {fail})',
  },
});

const PID_FOLDERS = ['/tmp', '/var/run/rpc-dart-router'];
const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const;
const CHECK_WIDTH = 12;

/** `--doctor`: diagnoses the host. Exit code 1 if a check fails. */
export async function runDoctor(context: CommandContext): Promise<number> {
  const findings = await runChecks(await createContext(context));
  const hasFailed = findings.some(({ outcome }) => outcome === 'fail');
  if (context.config.json) {
    context.stdout.write(`${JSON.stringify({ version: VERSION, ok: !hasFailed, findings }, null, 2)}\n`);
  } else {
    for (const finding of findings) context.stdout.write(`${formatFinding(finding, context)}\n`);
    context.stdout.write(`\n${summary(findings, context)}\n`);
  }
  return hasFailed ? EXIT.failed : EXIT.done;
}

/** `warn  sysctl      net.core.somaxconn is 128 → sudo sysctl …`. */
function formatFinding({ outcome, check, text, advice }: NamedFinding, { stdout, env }: CommandContext): string {
  const label = paint(stdout, STYLES[outcome], outcome.padEnd(4), env);
  return `${label}  ${check.padEnd(CHECK_WIDTH)}${text}${advice === null ? '' : ` → ${advice}`}`;
}

function summary(findings: readonly NamedFinding[], { lang }: CommandContext): string {
  const count = (wanted: Outcome): number => findings.filter(({ outcome }) => outcome === wanted).length;
  const counts = { count: findings.length, ok: count('ok'), warn: count('warn'), fail: count('fail') };
  return messages(lang)('summary', counts);
}

async function createContext(context: CommandContext): Promise<DoctorContext> {
  const { lang } = context;
  const located = await locateDaemon(context.config, context.env, null);
  const { other } = located;
  const daemon = other === null ? located : { ...located, pid: other.pid, paths: other.paths };
  const { config, sources } = effectiveConfig(context, other);
  const env = other?.owner.pm2Home == null ? context.env : { ...context.env, PM2_HOME: other.owner.pm2Home };
  return {
    config,
    sources,
    lang,
    env,
    daemon,
    status: await fetchStatus(daemon.paths.controlSocket),
    procFolder: '/proc',
    pidFolders: PID_FOLDERS,
    now: new Date(),
  };
}

/** Configuration with the saved options of the daemon; the command line overrides them. */
function effectiveConfig(
  { argv, env, config, sources }: CommandContext,
  other: OtherRouter | null,
): Pick<CommandContext, 'config' | 'sources'> {
  const saved = other === null ? optionsFile(env, config.name) : optionsFileOf(other.pid);
  if (saved === null || !existsSync(saved)) return { config, sources };
  const loaded = loadConfig({
    argv: [`--options-file=${saved}`, ...argv],
    env: other === null ? env : {}, // the environment of another router is unknown
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  return loaded.ok ? loaded : { config, sources };
}
