import type { Text } from '../text/index.ts';
import type { OptionGroup } from './option-types.ts';

/** The groups of options, in the order in which help, documentation and the sample file show them. */
export const OPTION_GROUPS = {
  network: { en: 'Network', ru: 'Сеть' },
  limits: { en: 'Limits', ru: 'Ограничения' },
  security: { en: 'Security', ru: 'Безопасность' },
  logging: { en: 'Logging', ru: 'Логирование' },
  monitoring: { en: 'Monitoring', ru: 'Мониторинг' },
  process: { en: 'Process', ru: 'Процесс' },
  daemon: { en: 'Daemon', ru: 'Daemon' },
  commands: { en: 'Other commands', ru: 'Другие команды' },
} as const satisfies Record<OptionGroup, Text>;
