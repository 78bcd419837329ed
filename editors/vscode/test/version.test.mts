import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isTooOld } from '../src/version.ts';

test('versions are compared by their numbers', () => {
  for (const old of ['0.1.9', '0.1', '0.0.10', '0', '0.1.9.dev3+g12']) {
    assert.equal(isTooOld(old, '0.2.0'), true, old);
  }
  for (const good of ['0.2', '0.2.0', '0.10.0', '1.0', '0.2.1rc1', 'unknown']) {
    assert.equal(isTooOld(good, '0.2.0'), false, good);
  }
});
