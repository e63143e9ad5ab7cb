import type { Text } from '../text/index.ts';

/**
 * True for a variable that Kubernetes (or an old Docker) sets for a service named `router` or `router-…`: such names begin
 * like ours and are no options.
 */
export function isServiceLink(name: string, value: string): boolean {
  if (!name.startsWith('ROUTER_')) return false;
  if (/_SERVICE_(HOST|PORT(_\w+)?)$/.test(name)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true;
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//i.test(value);
}

/** One warning for all such variables; null without any. */
export function serviceLinkWarning(env: Readonly<Record<string, string | undefined>>): Text | null {
  const names = Object.keys(env).filter((name) => isServiceLink(name, env[name] ?? ''));
  const [first] = names.toSorted();
  if (first === undefined) return null;
  return {
    en: `Ignored ${names.length} variables of a Kubernetes service named like ROUTER_* (${first}); enableServiceLinks: false keeps them away`,
    ru: `Пропущены переменные сервиса Kubernetes с именем вида ROUTER_* (${first}), всего: ${names.length}; их отключает enableServiceLinks: false`,
  };
}
