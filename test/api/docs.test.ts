import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { CborMap } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { ROOT } from '../support/program.ts';
import { ApiRouter } from './api-fixture.ts';

const run = promisify(execFile);

/** The shell lines of a document that call the API. */
function commandsOf(path: string, program: string): string[] {
  const blocks = readFileSync(`${ROOT}/${path}`, 'utf8').matchAll(/```bash\n([\s\S]*?)```/g);
  return [...blocks].flatMap(([, text]) => (text ?? '').split('\n')).filter((line) => line.startsWith(program));
}

/** Responds to every request to `client`. */
async function respondAlways(client: DartClient): Promise<void> {
  for (;;) {
    const { message } = await client.next(({ type }) => type === 'request');
    const { requestId, question } = message.payload as CborMap;
    client.send({
      type: 'response',
      senderId: client.id,
      targetId: message.senderId ?? '',
      success: true,
      payload: { requestId: requestId ?? '', answer: `to ${String(question)}` },
      timestamp: 1,
    });
  }
}

/** Runs `command` in a shell against the API of `api`. */
async function shell(api: ApiRouter, client: DartClient, command: string): Promise<string> {
  const url = `http://127.0.0.1:${api.apiPort}`;
  const env = { ...process.env, CLIENT: client.id, ROUTER_API: `${url}/api/v1` };
  const { stdout } = await run('bash', ['-c', command.replaceAll('http://127.0.0.1:9091', url)], { env, cwd: ROOT });
  return stdout;
}

for (const path of ['docs/api.md', 'docs/ru/api.md']) {
  test(`${path}: its curl commands work`, async () => {
    await using api = await ApiRouter.start();
    const client = await api.join({ groups: ['news'] });
    respondAlways(client).catch(() => {});
    const commands = commandsOf(path, 'curl');
    assert.equal(commands.length, 9);
    for (const command of commands) {
      const answer = await shell(api, client, command.replace('curl -s', 'curl -s --fail-with-body --max-time 20'));
      if (command.includes('/requests')) assert.match(answer, /"answer":"to \?"/);
      if (command.includes('/messages')) assert.equal(answer, '{"receivers":1}\n', command);
      if (command.includes('DELETE')) assert.equal(answer, '');
      else assert.ok(JSON.parse(answer), command);
    }
  });

  test(`${path}: the Python back end pushes to a group and calls a client`, async () => {
    await using api = await ApiRouter.start();
    const client = await api.join({ groups: ['news'] });
    const [push, call] = commandsOf(path, 'python3');
    assert.equal(await shell(api, client, push ?? ''), '1 receivers\n');
    const { message } = await client.next(({ type }) => type === 'multicast');
    assert.match(String((message.payload as CborMap).headline), /^(Hello|Привет)$/);
    respondAlways(client).catch(() => {});
    assert.match(await shell(api, client, call ?? ''), /"answer": "to \?"/);
    await assert.rejects(shell(api, client, `python3 examples/backend.py call none '{}'`), /404 not-found/);
    await assert.rejects(shell(api, client, `python3 examples/backend.py call none '{'`), /not JSON/);
  });
}

test('docs/openapi.json: is the document that a router serves', async () => {
  await using api = await ApiRouter.start();
  const { body } = await api.call('/openapi.json');
  assert.deepEqual(body, JSON.parse(readFileSync(`${ROOT}/docs/openapi.json`, 'utf8')));
});
