import { pluralForm, type Text } from '../text/index.ts';

/**
 * True for a variable that Kubernetes (or old Docker links) sets for a service named `router` or `router-…`. Such names
 * share the prefix of the options.
 */
export function isServiceLink(name: string, value: string): boolean {
  if (!name.startsWith('ROUTER_')) return false;
  if (/_SERVICE_(HOST|PORT(_\w+)?)$/.test(name)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true;
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//i.test(value);
}

/** One warning for all such variables; null if there are none. */
export function serviceLinkWarning(env: Readonly<Record<string, string | undefined>>): Text | null {
  const names = Object.keys(env).filter((name) => isServiceLink(name, env[name] ?? ''));
  const [first] = names.toSorted();
  if (first === undefined) return null;
  return {
    en: `Ignored ${names.length} ${pluralForm('en', names.length, 'variable|variables')} of a Kubernetes service with the prefix ROUTER_ (${first}); enableServiceLinks: false removes them`,
    ru: `Пропущены переменные сервиса Kubernetes с префиксом ROUTER_ (${first}), всего: ${names.length}; их отключает enableServiceLinks: false`,
  };
}
