import type { CommandContext } from '../cli/index.ts';
import { cliMessages, EXIT } from '../cli/index.ts';
import {
  asYaml,
  configName,
  formatValue,
  isFileKey,
  OPTIONS,
  type Option,
  type OptionKey,
  type RouterConfig,
} from '../config/index.ts';
import { openFilesLimit } from '../host/index.ts';
import { checkHosts, startWarnings } from '../process/index.ts';
import type { Text } from '../text/index.ts';
import { checkClusterServers } from './check-cluster-servers.ts';
import type { ClusterFiles } from './cluster-files.ts';
import { loadSecurity } from './security-files.ts';

const VALUE_WIDTH = 44;

/**
 * `--check-config`: prints the effective configuration as YAML, each value with its source, and the warnings of a start. Also
 * reads the TLS and tokens files. Options contain no secrets: tokens and keys stay in their files.
 */
export async function checkConfig({ config, sources, env, lang, stdout, stderr }: CommandContext): Promise<number> {
  const say = cliMessages(lang);
  const security = loadSecurity(config);
  const problems = [...(security.ok ? [] : security.problems), ...(await checkHosts(config))];
  if (problems.length > 0) {
    for (const problem of problems) stderr.write(`${problem[lang]}\n`);
    return EXIT.usage;
  }
  for (const option of OPTIONS as readonly Option[]) {
    const source = sources.get(option.key as OptionKey);
    if (option.scope === 'command' || option.flagOnly === true || (option.hidden === true && source === undefined))
      continue;
    const line = `${option.key}: ${asYaml(formatValue(option, config[configName(option)])) || 'null'}`;
    // the output is a valid configuration file, and such a file must not name another one
    const shown = isFileKey(option) ? line : `# ${line}`;
    stdout.write(`${shown.padEnd(VALUE_WIDTH)} # ${source ?? say('byDefault')}\n`);
  }
  const warnings = [
    ...(security.ok ? security.files.warnings : []),
    ...(security.ok ? await clusterWarnings(config, security.files.cluster) : []),
    ...startWarnings(config, openFilesLimit(), env),
  ];
  for (const warning of warnings) stdout.write(`# ${warning[lang]}\n`);
  stdout.write(`# ${say('configOk')}\n`);
  return EXIT.done;
}

/** Problems of NATS and of other routers as warnings, since a start is still possible. */
async function clusterWarnings(config: RouterConfig, files: ClusterFiles): Promise<Text[]> {
  const problems = await checkClusterServers(config, files);
  return problems.map(({ text, remedy }) => ({ en: `${text.en}. ${remedy.en}`, ru: `${text.ru}. ${remedy.ru}` }));
}
