import type { ConfigChange } from '../config/index.ts';
import type { Text } from '../text/index.ts';

/** Problems of a reload: changed options that only a restart can apply. */
export function frozenChanges(changes: readonly ConfigChange[]): Text[] {
  return changes
    .filter((change) => change.reload === 'restart')
    .map(({ key, from, to }) => ({
      en: `${key}: cannot change without a restart (${from || 'none'} -> ${to || 'none'})`,
      ru: `${key}: нельзя изменить без перезапуска (${from || 'нет'} -> ${to || 'нет'})`,
    }));
}
