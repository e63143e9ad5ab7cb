import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { openFilesLimit, openFilesNeeded } from './open-files.ts';

const limitsFile = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft.padEnd(21)}1048576              files\n`;

test('the limit of this process can be read', () => {
  const limit = openFilesLimit();
  assert.ok(limit === null || limit >= 64);
});

test('the soft limit counts; unlimited and unreadable are null', () => {
  using folder = new TempFolder();
  for (const process of ['self', '7']) mkdirSync(folder.file(process));
  folder.write('self/limits', limitsFile('1024'));
  folder.write('7/limits', limitsFile('unlimited'));
  assert.equal(openFilesLimit('self', folder.path), 1024);
  assert.equal(openFilesLimit(7, folder.path), null);
  assert.equal(openFilesLimit(8, folder.path), null);
});

test('a router needs descriptors beyond its connections', () => {
  assert.ok(openFilesNeeded(1000) > 1000);
});
