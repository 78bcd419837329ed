import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultOfHubId } from '../src/hub_id.ts';
import { faultOfModelName, nameLike } from '../src/model_name.ts';

test('ids of the hub are an organisation and a name', () => {
  for (const id of ['zai-org/codegeex4-all-9b', ' THUDM/chatglm3-6b ', 'a/b.c_d-1']) {
    assert.equal(faultOfHubId(id), undefined, id);
  }
  for (const id of ['', 'name', '/name', 'org/', 'a/b/c', '--yes/x', 'org/--replace', '../x', 'a/..', 'a b/c', 'a/b;c', 'a/b..c']) {
    assert.notEqual(faultOfHubId(id), undefined, id);
  }
});

test('a name that can be used is found for every folder that has letters', () => {
  for (const [folder, name] of [
    ['chatglm3-6b', 'chatglm3-6b'],
    ['my model (1)', 'my-model-1'],
    ['..hidden.', 'hidden'],
    ['größe', 'gr-e'],
    ['x'.repeat(300), 'x'.repeat(128)],
  ] as const) {
    assert.equal(nameLike(folder).replaceAll('--', '-'), name);
    assert.equal(faultOfModelName(nameLike(folder)), undefined, folder);
  }
});

test('names that would be options or paths are refused', () => {
  for (const name of ['', '-x', '--yes', '.x', 'a/b', 'a\\b', 'a b', 'x.', 'x'.repeat(129)]) {
    assert.notEqual(faultOfModelName(name), undefined, name);
  }
});
