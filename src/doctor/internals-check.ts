import { probeCapabilities } from '../app/index.ts';
import { defineMessages } from '../text/index.ts';
import { type Check, ok, warn } from './finding.ts';

const messages = defineMessages({
  all: { en: 'All in use: {names}', ru: 'Используются все: {names}' },
  off: { en: 'Off: node-internals is false', ru: 'Выключены: node-internals = false' },
  missing: {
    en: 'Node.js {version} lacks {names}: the router works, but more slowly',
    ru: 'В Node.js {version} нет {names}: роутер работает, но медленнее',
  },
  supported: {
    en: 'Use Node.js 20.19, 22, 24 or 26, which have all of them',
    ru: 'Используйте Node.js 20.19, 22, 24 или 26: там есть всё',
  },
});

/** Those of the running router, else those of the Node.js that runs this check. */
export const internalsCheck: Check = {
  name: 'internals',
  async run({ config, status, lang }) {
    const t = messages(lang);
    if (!config.nodeInternals) return [ok(t('off'))];
    // a running router of an older version does not report them
    const capabilities: Readonly<Record<string, boolean>> = status?.capabilities ?? (await probeCapabilities(true));
    const version = status?.node ?? process.version;
    const names = Object.keys(capabilities);
    const missing = names.filter((name) => !capabilities[name]);
    if (missing.length === 0) return [ok(t('all', { names: names.join(', ') }))];
    return [warn(t('missing', { version, names: missing.join(', ') }), t('supported'))];
  },
};
