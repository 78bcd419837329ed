import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Chosen, chooseProgram, type Machine } from '../src/program.ts';

function posix(programs: string[], searchPath = '/usr/bin:/opt/bin'): Machine {
  return { isWindows: false, home: '/home/me', searchPath, isProgram: async (file) => programs.includes(file) };
}

function windows(programs: string[], searchPath = 'C:\\Python\\Scripts'): Machine {
  return { isWindows: true, home: 'C:\\Users\\me', searchPath, isProgram: async (file) => programs.includes(file) };
}

async function program(
  serverPath: string,
  trusted: string[],
  machine: Machine,
  others: Partial<Chosen> = {},
): Promise<string | undefined> {
  const choice = await chooseProgram({ serverPath, trusted, ...others }, machine);
  return 'program' in choice ? choice.program : undefined;
}

test('nothing set: the first on the PATH, in full', async () => {
  assert.equal(await program('', [], posix(['/opt/bin/glm-lsp'])), '/opt/bin/glm-lsp');
  assert.equal(await program('', [], posix(['/opt/bin/glm-lsp', '/usr/bin/glm-lsp'])), '/usr/bin/glm-lsp');
});

test('nothing set and nothing there: it is missing, while what somebody named is wrong', async () => {
  const missing = await chooseProgram({ serverPath: '', trusted: [] }, posix([]));
  assert.deepEqual(missing, { reason: 'glm-lsp is not installed, or not on the PATH', isMissing: true });
  const wrong = await chooseProgram({ serverPath: 'glm', trusted: [] }, posix([]));
  assert.deepEqual(wrong, { reason: 'glm is not on the PATH' });
});

test('parts of the PATH that depend on the current folder are passed over', async () => {
  const everywhere = { ...posix([], ':.:bin:/opt/bin'), isProgram: async () => true };
  assert.equal(await program('', [], everywhere), '/opt/bin/glm-lsp');
  const onlyRelative = { ...posix([], ':.:bin'), isProgram: async () => true };
  assert.equal(await program('', [], onlyRelative), '/home/me/.local/bin/glm-lsp');
  const onWindows = { ...windows([], ';.;bin;\\tools;"C:\\Own Tools"'), isProgram: async () => true };
  assert.equal(await program('', [], onWindows), 'C:\\Own Tools\\glm-lsp.exe');
});

test("a trusted folder's environment comes before the PATH, and .venv before venv", async () => {
  const all = ['/work/.venv/bin/glm-lsp', '/work/venv/bin/glm-lsp', '/usr/bin/glm-lsp'];
  assert.equal(await program('', ['/work'], posix(all)), all[0]);
  assert.equal(await program('', ['/work'], posix(all.slice(1))), all[1]);
  assert.equal(await program('', [], posix(all)), all[2]);
});

test('Windows: programs are .exe, in Scripts, and never those of the current folder', async () => {
  const own = 'C:\\work\\.venv\\Scripts\\glm-lsp.exe';
  assert.equal(await program('', ['C:\\work'], windows([own])), own);
  const installed = 'C:\\Python\\Scripts\\glm-lsp.exe';
  assert.equal(await program('', [], windows([installed, 'glm-lsp.exe', '.\\glm-lsp.exe'])), installed);
  assert.equal(await program('', [], windows(['glm-lsp.exe', '.\\glm-lsp.exe', 'glm-lsp'])), undefined);
  assert.equal(await program('glm-lsp.exe', [], windows([installed])), installed);
});

test('a full path is taken as it is, wherever it lies, or refused', async () => {
  assert.equal(await program('/srv/glm', [], posix(['/srv/glm', '/usr/bin/glm-lsp'])), '/srv/glm');
  assert.deepEqual(await chooseProgram({ serverPath: '/srv/glm', trusted: [] }, posix(['/usr/bin/glm-lsp'])), {
    reason: '/srv/glm is not a program',
  });
  assert.equal(await program('D:\\glm', [], windows(['D:\\glm.exe'])), 'D:\\glm.exe');
});

test('a tilde is the home, and only in front', async () => {
  assert.equal(await program('~/bin/glm', [], posix(['/home/me/bin/glm'])), '/home/me/bin/glm');
  assert.equal(await program('~\\glm.exe', [], windows(['C:\\Users\\me\\glm.exe'])), 'C:\\Users\\me\\glm.exe');
  assert.equal(await program('~other', [], posix(['/home/meother', '/home/me/other'])), undefined);
});

test('a name is looked up on the PATH alone', async () => {
  assert.equal(await program('glm-new', ['/work'], posix(['/opt/bin/glm-new'])), '/opt/bin/glm-new');
  assert.equal(await program('glm-new', ['/work'], posix(['/work/glm-new', 'glm-new'])), undefined);
});

test('a path inside the folder needs trust', async () => {
  for (const chosen of ['tools/glm', './tools/glm', '../work/tools/glm']) {
    const machine = posix(['/work/tools/glm', chosen]);
    assert.equal(await program(chosen, ['/work'], machine), '/work/tools/glm');
    const refused = await chooseProgram({ serverPath: chosen, trusted: [] }, machine);
    assert.match('reason' in refused ? refused.reason : '', /no folder is open that you trust/);
  }
});

test('after the folder: the Python chosen for it, the own environment, the PATH, and what one user has', async () => {
  const all = [
    '/work/venv/bin/glm-lsp',
    '/opt/conda/envs/me/bin/glm-lsp',
    '/storage/server-1/bin/glm-lsp',
    '/opt/bin/glm-lsp',
    '/home/me/.local/bin/glm-lsp',
  ];
  const others = {
    interpreter: async () => '/opt/conda/envs/me/bin/python3',
    environment: '/storage/server-1',
  };
  for (const [i, expected] of all.entries()) {
    assert.equal(await program('', ['/work'], posix(all.slice(i)), others), expected);
  }
});

test('nobody is asked for a Python while the folder has a server of its own', async () => {
  const interpreter = () => assert.fail('asked');
  const own = '/work/.venv/bin/glm-lsp';
  assert.equal(await program('', ['/work'], posix([own]), { interpreter }), own);
});

test('Windows: programs lie beside the Python of an environment, and below Python itself', async () => {
  const own = 'D:\\Ümlaut Ordner\\venv\\Scripts\\glm-lsp.exe';
  const chosen = (python: string) => ({ interpreter: async () => python });
  assert.equal(await program('', [], windows([own]), chosen('D:\\Ümlaut Ordner\\venv\\Scripts\\python.exe')), own);
  const global = 'C:\\Python313\\Scripts\\glm-lsp.exe';
  assert.equal(await program('', [], windows([global]), chosen('C:\\Python313\\python.exe')), global);
  const environment = 'C:\\Users\\me\\storage\\server-1';
  const made = `${environment}\\Scripts\\glm-lsp.exe`;
  assert.equal(await program('', [], windows([made, global]), { environment }), made);
});
