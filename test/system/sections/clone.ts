import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SERVICE } from '../machine.ts';
import type { SharedState } from '../shared-state.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export function cloneTests(shared: SharedState): void {
  const { machine } = shared;

  test('installation from a clone: built in a scratch folder, the clone is unchanged', async () => {
    await machine.system.copySources(ROOT, '/root/clone');
    await machine.system.copy(shared.releases.npmCache, '/root/npm-cache');
    const before = await machine.run('cd /root/clone && find . | sort | sha256sum');
    const { code, text } = await machine.system.try(
      'bash /root/clone/scripts/install-production.sh --port 8081 --quiet',
      {
        npm_config_cache: '/root/npm-cache',
        npm_config_offline: 'true',
      },
    );
    assert.equal(code, 0, text);
    assert.equal(await machine.run('cd /root/clone && find . | sort | sha256sum'), before);
    const status = await machine.status();
    assert.equal(status.listening[0]?.port, 8081);
    assert.equal(await machine.run('ls /var/tmp | grep ^rpc-dart-router || true'), '');
    assert.equal(await machine.property('ActiveState'), 'active', SERVICE);
  });
}
