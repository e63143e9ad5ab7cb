import { after, before, test } from 'node:test';
import { TempFolder } from '../support/temp.ts';
import { Machine } from './machine.ts';
import { buildReleases, type Releases } from './releases.ts';
import { whyUnavailable } from './requirements.ts';
import { backupTests } from './sections/backup.ts';
import { cloneTests } from './sections/clone.ts';
import { installTests } from './sections/install.ts';
import { serviceTests } from './sections/service.ts';
import { survivalTests } from './sections/survival.ts';
import { uninstallTests } from './sections/uninstall.ts';
import { upgradeTests } from './sections/upgrade.ts';
import { workerUpgradeTests } from './sections/upgrade-workers.ts';
import type { SharedState } from './shared-state.ts';

const reason = whyUnavailable();

if (reason !== null) {
  process.stderr.write(`\n!!! SKIPPED: the production installation is NOT tested here: ${reason}.\n\n`);
  test('production in a booted Debian', { skip: reason }, () => {});
} else {
  const folder = new TempFolder();
  const machine = new Machine(`test-${process.pid}`);
  let built: Releases | null = null;
  const shared: SharedState = {
    machine,
    get releases() {
      if (built === null) throw new Error('the releases are built before the tests');
      return built;
    },
  };

  before(async () => {
    built = await buildReleases(folder.path);
    await machine.boot();
    await machine.unpack(built);
  });
  after(async () => {
    await machine.stop();
    folder.remove();
  });

  installTests(shared);
  serviceTests(shared);
  survivalTests(shared);
  upgradeTests(shared);
  workerUpgradeTests(shared);
  backupTests(shared);
  uninstallTests(shared);
  cloneTests(shared);
}
