import { readFileSync } from 'node:fs';
import { checkClusterServers, loadClusterFiles } from '../app/index.ts';
import { clusterServers } from '../config/index.ts';
import { defineMessages, Problems } from '../text/index.ts';
import { type Check, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  alone: { en: 'No cluster: this router works on its own', ru: 'Кластера нет: роутер работает сам по себе' },
  fine: { en: '{count} NATS servers can be used', ru: 'Серверы NATS доступны: {count}' },
  file: {
    en: 'Correct the file, or the option that names it',
    ru: 'Исправьте файл или опцию, которая на него указывает',
  },
});

/** Connects to NATS as the router does, and looks at the other routers. */
export const clusterCheck: Check = {
  name: 'cluster',
  async run({ config, lang }) {
    const t = messages(lang);
    if (config.cluster === null) return [ok(t('alone'))];
    try {
      const files = loadClusterFiles(config, (path) => readFileSync(path));
      const problems = await checkClusterServers(config, files);
      if (problems.length === 0) return [ok(t('fine', { count: clusterServers(config.cluster).length }))];
      return problems.map(({ text, remedy, isFatal }) => (isFatal ? fail : warn)(text[lang], remedy[lang]));
    } catch (error) {
      if (!(error instanceof Problems)) throw error;
      return error.list.map((problem) => fail(problem[lang], t('file')));
    }
  },
};
