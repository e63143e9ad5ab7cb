import { helpText } from './cli/help.ts';
import { VERSION } from './config/options.ts';
import { chooseLanguage } from './text/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The output of `--version` or `--help` as the only argument, without reading a configuration, whose readers are half of a
 * start; null for every other command line, and when the environment configures the router.
 */
export function quickAnswer(argv: readonly string[], env: Environment): string | null {
  const [command] = argv;
  const isAlone = argv.length === 1 && (command === '--version' || command === '--help');
  if (!isAlone || Object.keys(env).some((name) => name.startsWith('ROUTER_'))) return null;
  return command === '--version' ? `${VERSION}\n` : helpText(chooseLanguage(null, env));
}
