import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Ask, chosenInterpreter, findInterpreter } from '../src/interpreter.ts';
import type { Machine } from '../src/program.ts';

function posix(programs: string[]): Machine {
  return { isWindows: false, home: '/home/me', searchPath: '/usr/bin', isProgram: async (file) => programs.includes(file) };
}

/** Programs that answer, each with what it says of itself. */
function saying(answers: Record<string, string>): Ask {
  return async (program) => answers[program];
}

test('the Python that was chosen comes first', async () => {
  const answers = { '/env/bin/python': '3 12 True\n', '/usr/bin/python3.14': '3 14 True\n' };
  const found = await findInterpreter('/env/bin/python', posix(['/usr/bin/python3.14']), saying(answers));
  assert.deepEqual(found, { program: '/env/bin/python', parameters: [], version: '3.12' });
});

test('what is too old, broken or without venv is passed over', async () => {
  const answers = {
    '/env/bin/python': '3 9 True\n',
    '/usr/bin/python3.13': '3 13 False\n',
    '/home/me/.local/bin/python3.11': '3 11 True\n',
  };
  const there = ['/usr/bin/python3.14', '/usr/bin/python3.13', '/home/me/.local/bin/python3.11'];
  const found = await findInterpreter('/env/bin/python', posix(there), saying(answers));
  assert.deepEqual(found, { program: '/home/me/.local/bin/python3.11', parameters: [], version: '3.11' });
});

test('where none fits, a person is told which there are and what each lacks', async () => {
  const answers = { '/usr/bin/python3': '3 9 True\n', '/usr/bin/python3.12': '3 12 False\n', '/usr/bin/python': 'Python 2' };
  const there = ['/usr/bin/python3', '/usr/bin/python3.12', '/usr/bin/python'];
  const found = await findInterpreter(undefined, posix(there), saying(answers));
  assert.deepEqual(found, {
    reason:
      'Python 3.11 or newer is needed; found: ' +
      '/usr/bin/python3.12 (3.12, which cannot make environments; on Debian: apt install python3.12-venv), ' +
      '/usr/bin/python3 (3.9), /usr/bin/python (does not run)',
  });
  const none = await findInterpreter(undefined, posix([]), saying({}));
  assert.deepEqual(none, { reason: 'Python 3.11 or newer is needed; found: none' });
});

test('Windows: the launcher is asked for a Python 3, and programs of the current folder never', async () => {
  const machine: Machine = {
    isWindows: true,
    home: 'C:\\Users\\me',
    searchPath: 'C:\\Windows;.',
    isProgram: async (file) => ['C:\\Windows\\py.exe', 'python.exe', '.\\python.exe'].includes(file),
  };
  const asked: string[][] = [];
  const found = await findInterpreter(undefined, machine, async (program, parameters) => {
    asked.push([program, ...parameters.slice(0, 2)]);
    return '3 12 True\r\n';
  });
  assert.deepEqual(asked, [['C:\\Windows\\py.exe', '-3', '-I']]);
  assert.deepEqual(found, { program: 'C:\\Windows\\py.exe', parameters: ['-3'], version: '3.12' });
});

function extension(isActive: boolean, executable: string | undefined) {
  const exports = {
    environments: {
      getActiveEnvironmentPath: (folder: unknown) => ({ path: `of ${String(folder)}` }),
      resolveEnvironment: async (chosen: { path: string }) =>
        chosen.path === 'of /work' && executable ? { executable: { uri: { fsPath: executable } } } : undefined,
    },
  };
  const it = { isActive, exports: isActive ? exports : undefined, wasWoken: false, activate };
  async function activate() {
    it.wasWoken = true;
    return exports;
  }
  return it;
}

test("the Python extension's choice for the folder", async () => {
  assert.equal(await chosenInterpreter(() => extension(true, '/env/bin/python'), '/work', false), '/env/bin/python');
  assert.equal(await chosenInterpreter(() => extension(true, undefined), '/work', false), undefined);
  assert.equal(await chosenInterpreter(() => undefined, '/work', true), undefined);
});

test('the Python extension is woken only where somebody writes Python, and may fail', async () => {
  const asleep = extension(false, '/env/bin/python');
  assert.equal(await chosenInterpreter(() => asleep, '/work', false), undefined);
  assert.equal(asleep.wasWoken, false);
  assert.equal(await chosenInterpreter(() => asleep, '/work', true), '/env/bin/python');
  const broken = { isActive: true, exports: { environments: {} }, activate: async () => undefined };
  assert.equal(await chosenInterpreter(() => broken, '/work', true), undefined);
});
