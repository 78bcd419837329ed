import assert from 'node:assert/strict';
import { test } from 'node:test';

import { figures, isWrong, type Shown, stateText, statusText } from '../src/status_text.ts';
import type { Status } from '../src/status.ts';

const STATUS: Status = {
  state: 'ready',
  message: '',
  model: 'starter',
  lastMs: 7.4,
  numPromptTokens: 100,
  numCachedTokens: 98,
  hitRate: 0.5,
  reuse: 0.984,
  p50Ms: 3.1,
  p95Ms: 20,
  shown: 4,
  accepted: 1,
  acceptedChars: 12,
};

function shown(changes: Partial<Status> = {}, rest: Partial<Shown> = {}): Shown {
  return { phase: 'running', failure: undefined, status: { ...STATUS, ...changes }, pausedLanguage: undefined, ...rest };
}

test('figures of any size take the same number of characters', () => {
  const lengths = [0.2, 9, 87, 999, 4000, 123456].flatMap((lastMs) =>
    [0, 0.5, 1].map((reuse) => statusText(shown({ lastMs, reuse })).length),
  );
  assert.equal(new Set(lengths).size, 1, lengths.join(' '));
});

test('an answer at work keeps the width of one that is ready', () => {
  assert.equal(statusText(shown({ state: 'busy' })).replace(/^\$\([^)]+\)/, ''), statusText(shown()).replace(/^\$\([^)]+\)/, ''));
});

test('every state has words of its own', () => {
  const texts = [
    stateText(shown({}, { phase: 'stopped' })),
    stateText(shown({}, { phase: 'starting' })),
    stateText(shown({}, { phase: 'failed', failure: 'no program' })),
    stateText(shown()),
    stateText(shown({ state: 'busy' })),
    stateText(shown({ state: 'inactive' })),
    stateText(shown({ state: 'starting' })),
    stateText(shown({ state: 'error', message: 'GLM-301: no runtime' })),
    stateText(shown({}, { pausedLanguage: 'python' })),
  ];
  assert.equal(new Set(texts).size, texts.length, texts.join('\n'));
  assert.match(texts[2] ?? '', /no program/);
  assert.match(texts[7] ?? '', /GLM-301/);
});

test('only what somebody has to mend is marked', () => {
  assert.ok(isWrong(shown({ state: 'error' })));
  assert.ok(isWrong(shown({}, { phase: 'failed', status: undefined })));
  for (const state of ['ready', 'busy', 'starting', 'inactive'] as const) {
    assert.ok(!isWrong(shown({ state })), state);
  }
});

test('the name of a model is shortened and brings no icon along', () => {
  const text = statusText(shown({ model: '$(error) a name that is far too long for it' }));
  assert.equal(text.split('$(').length, 2, text);
  assert.ok(!text.includes('far too long'), text);
});

test('nothing is made up before there are figures', () => {
  const text = statusText(shown({ lastMs: null, reuse: null, p50Ms: null, p95Ms: null, hitRate: null, shown: 0 }));
  assert.equal(text, '$(sparkle) starter');
  assert.deepEqual(figures({ ...shown(), status: undefined }), []);
});
