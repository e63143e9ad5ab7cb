import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { isPm2 } from './pm2-parent.ts';

test('isPm2: true for the title of the PM2 daemon; false for init, this test and an ended process', async () => {
  const script = "process.title = 'PM2 v7.0.4: God Daemon (/root/.pm2)'; setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ['--eval', script], { stdio: 'ignore' });
  try {
    await poll('the title', () => isPm2(child.pid ?? 0));
    for (const pid of [0, 1, process.pid, 4_194_303]) assert.equal(isPm2(pid), false, String(pid));
  } finally {
    child.kill('SIGKILL');
  }
});
