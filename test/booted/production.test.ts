import { after, before, test } from 'node:test';
import { TempFolder } from '../support/temp.ts';
import { whyNoBed } from './bed-needs.ts';
import { Machine } from './machine.ts';
import { buildReleases, type Releases } from './releases.ts';
import { backupTests } from './sections/backup.ts';
import { cloneTests } from './sections/clone.ts';
import { installTests } from './sections/install.ts';
import { serviceTests } from './sections/service.ts';
import { survivalTests } from './sections/survival.ts';
import { uninstallTests } from './sections/uninstall.ts';
import { upgradeTests } from './sections/upgrade.ts';
import type { World } from './world.ts';

const reason = whyNoBed();

if (reason !== null) {
  process.stderr.write(`\n!!! SKIPPED: the production installation is NOT tested here: ${reason}.\n\n`);
  test('production in a booted Debian', { skip: reason }, () => {});
} else {
  const folder = new TempFolder();
  const machine = new Machine(`test-${process.pid}`);
  let built: Releases | null = null;
  const world: World = {
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

  installTests(world);
  serviceTests(world);
  survivalTests(world);
  upgradeTests(world);
  backupTests(world);
  uninstallTests(world);
  cloneTests(world);
}
