import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { InstallationError, makeEnvironment, ownEnvironment, removeEnvironments } from '../src/environment.ts';
import { requirementOf } from '../src/source.ts';

let storage: string;
let log: string;

beforeEach(async () => {
  storage = await mkdtemp(path.join(os.tmpdir(), 'glm ümlaut '));
  log = path.join(storage, 'log');
});
afterEach(() => rm(storage, { recursive: true, force: true }));

/** A Python that makes an environment whose own one does as told when pip is run. */
async function python(pip: string): Promise<string> {
  const program = path.join(storage, 'python');
  const own = `#!/bin/sh\necho "$@" >> '${log}'\n${pip}\n`;
  const server = '#!/bin/sh\necho glm-lsp 0.1.0\n';
  await writeFile(
    program,
    `#!/bin/sh
for folder; do :; done
mkdir -p "$folder/bin"
cat > "$folder/bin/python" <<'END'
${own}END
cat > "$folder/bin/glm-lsp" <<'END'
${server}END
chmod +x "$folder/bin/"*
`,
  );
  await chmod(program, 0o755);
  return program;
}

async function make(pip: string, signal = new AbortController().signal, lines: string[] = []): Promise<string> {
  const interpreter = { program: await python(pip), parameters: [], version: '3.12' };
  const wish = { requirement: '/a folder/glm[cpu]', interpreter, version: '0.1.0' };
  return makeEnvironment(storage, wish, { report: (line) => lines.push(line), signal });
}

async function folders(): Promise<string[]> {
  return (await readdir(storage)).filter((name) => name.startsWith('server-'));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('an environment is made, and each line of the way is told', { skip: process.platform === 'win32' }, async () => {
  const lines: string[] = [];
  const folder = await make('echo Collecting numpy; echo a warning >&2', undefined, lines);
  assert.deepEqual(lines.sort(), ['Collecting numpy', 'a warning', 'glm-lsp 0.1.0']);
  assert.equal(await ownEnvironment(storage), folder);
  assert.equal(await readFile(log, 'utf8'), '-I -m pip install --progress-bar off /a folder/glm[cpu]\n');
});

test('a failure leaves the one before, and tells the last lines', { skip: process.platform === 'win32' }, async () => {
  const folder = await make('true');
  await assert.rejects(make('for i in $(seq 40); do echo line $i; done; echo no such thing >&2; exit 1'), (error) => {
    assert.ok(error instanceof InstallationError);
    assert.match(error.message, /python -m pip install` failed/);
    assert.equal(error.lines.length, 15);
    assert.ok(error.lines.includes('no such thing'));
    return true;
  });
  assert.equal(await ownEnvironment(storage), folder);
  assert.deepEqual(await folders(), [path.basename(folder)]);
});

test('a server that does not run is no installation', { skip: process.platform === 'win32' }, async () => {
  await assert.rejects(make('rm "$(dirname "$0")/glm-lsp"'), InstallationError);
  assert.equal(await ownEnvironment(storage), undefined);
  assert.deepEqual(await folders(), []);
});

test('cancelling ends all that was started, and leaves nothing', { skip: process.platform === 'win32' }, async () => {
  const cancelling = new AbortController();
  const lines: string[] = [];
  const made = make('sleep 600 & echo child $!; wait', cancelling.signal, lines);
  await until(async () => lines.some((line) => line.startsWith('child ')));
  cancelling.abort();
  await assert.rejects(made, { name: 'AbortError' });
  const pid = Number(lines.find((line) => line.startsWith('child '))?.slice(6));
  await until(async () => !isRunning(pid));
  assert.deepEqual(await folders(), []);
});

test('what was cancelled before it began starts nothing', async () => {
  const cancelling = new AbortController();
  cancelling.abort();
  await assert.rejects(make('true', cancelling.signal), { name: 'AbortError' });
  assert.deepEqual(await folders(), []);
});

test('the next one takes its place; what is left of others goes when it is old', { skip: process.platform === 'win32' }, async () => {
  const before = await make('true');
  const half = path.join(storage, 'server-0.1.0-half');
  const being = path.join(storage, 'server-0.1.0-being-made');
  await mkdir(half);
  await mkdir(being);
  await utimes(half, 1, 1);
  const folder = await make('true');
  assert.notEqual(folder, before);
  assert.equal(await ownEnvironment(storage), folder);
  assert.deepEqual((await folders()).sort(), [before, being, folder].map((each) => path.basename(each)).sort());
  assert.equal(await removeEnvironments(storage), true);
  assert.equal(await ownEnvironment(storage), undefined);
  assert.deepEqual(await folders(), []);
  assert.equal(await removeEnvironments(storage), false);
});

test('an environment is one of the folder, whatever the file says', async () => {
  for (const text of ['', '{', '{"folder": 1}', '{"folder": "../elsewhere"}', '{"folder": "/elsewhere"}', 'null']) {
    await writeFile(path.join(storage, 'server.json'), text);
    assert.equal(await ownEnvironment(storage), undefined, text);
  }
});

test('only checkouts and wheels of glm-lsp are installed', async () => {
  await writeFile(path.join(storage, 'pyproject.toml'), '[project]\nname = "glm-lsp"\n');
  assert.deepEqual(await requirementOf(storage), {
    requirement: `glm-lsp[cpu] @ ${pathToFileURL(storage).href}`,
  });
  // "glm ümlaut": what a requirement would end at is written otherwise.
  assert.doesNotMatch(pathToFileURL(storage).href, /[ ü]/);
  await writeFile(path.join(storage, 'pyproject.toml'), '[project]\nname = "glm-lsp-other"\n');
  assert.ok('reason' in (await requirementOf(storage)));
  const wheel = path.join(storage, 'glm_lsp-0.1.0-py3-none-any.whl');
  assert.ok('reason' in (await requirementOf(wheel)));
  await writeFile(wheel, '');
  assert.deepEqual(await requirementOf(wheel), { requirement: `glm-lsp[cpu] @ ${pathToFileURL(wheel).href}` });
  const other = path.join(storage, 'other-0.1.0-py3-none-any.whl');
  await writeFile(other, '');
  assert.match(JSON.stringify(await requirementOf(other)), /is no wheel of glm-lsp/);
});

/** What has ended and was not waited for by anybody is no longer running either. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return true;
}
