import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { openFilesLimit, openFilesNeeded } from './open-files.ts';

const limitsFile = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft.padEnd(21)}1048576              files\n`;

test('open files: the limit of this process', () => {
  const limit = openFilesLimit();
  assert.ok(limit === null || limit >= 64);
});

test('open files: the soft limit; null for unlimited or unreadable', () => {
  using folder = new TempFolder();
  for (const process of ['self', '7']) mkdirSync(folder.file(process));
  folder.write('self/limits', limitsFile('1024'));
  folder.write('7/limits', limitsFile('unlimited'));
  assert.equal(openFilesLimit('self', folder.path), 1024);
  assert.equal(openFilesLimit(7, folder.path), null);
  assert.equal(openFilesLimit(8, folder.path), null);
});

test('open files: a router needs more descriptors than connections', () => {
  assert.ok(openFilesNeeded(1000) > 1000);
});
