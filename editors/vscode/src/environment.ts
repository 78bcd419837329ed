import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { createInterface } from 'node:readline';

import type { Interpreter } from './interpreter.ts';
import { endTree, follow, LEADS_A_GROUP } from './process_tree.ts';
import { inEnvironment, NAME } from './program.ts';

const POINTER = 'server.json';
const PREFIX = 'server-';
const DAY_MS = 24 * 60 * 60 * 1000;
const NUM_LAST_LINES = 15;
const MACHINE = { isWindows: process.platform === 'win32' };

/** Making an environment failed; the message is for a person, the lines are the last ones of who failed. */
export class InstallationError extends Error {
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[]) {
    super(message);
    this.lines = lines;
  }
}

/** What is to be installed. */
export interface Wish {
  /** As pip takes it. */
  requirement: string;
  interpreter: Interpreter;
  /** The extension's version, for the folder's name. */
  version: string;
}

/** Follows an installation, and may end it. */
export interface Follower {
  report(line: string): void;
  signal: AbortSignal;
}

/**
 * The environment that was made last, in full; undefined where there is none.
 *
 * @param storage the folder that the editor keeps for the extension
 */
export async function ownEnvironment(storage: string): Promise<string | undefined> {
  try {
    const { folder } = JSON.parse(await readFile(path.join(storage, POINTER), 'utf8')) as { folder: unknown };
    return typeof folder === 'string' && path.basename(folder) === folder ? path.join(storage, folder) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes an environment with the server in it, and only then has it take the place of the one before.
 *
 * Environments cannot be moved, so each has its final name from the start; what counts is the file that names one.
 *
 * @returns the environment's folder
 * @throws InstallationError; the one before stays
 * @throws the signal's reason, after all that was begun has been ended and removed
 */
export async function makeEnvironment(storage: string, wish: Wish, follower: Follower): Promise<string> {
  await mkdir(storage, { recursive: true });
  await tidy(storage);
  const name = `${PREFIX}${wish.version}-${Date.now().toString(36)}`;
  const folder = path.join(storage, name);
  try {
    const { program, parameters } = wish.interpreter;
    await run(program, [...parameters, '-I', '-m', 'venv', folder], storage, follower);
    const python = inEnvironment(folder, 'python', MACHINE);
    await run(python, ['-I', '-m', 'pip', 'install', '--progress-bar', 'off', wish.requirement], storage, follower);
    await run(inEnvironment(folder, NAME, MACHINE), ['--version'], storage, follower);
    const pointer = path.join(storage, POINTER);
    const made = { folder: name, requirement: wish.requirement, python: wish.interpreter.version };
    await writeFile(`${pointer}.new`, JSON.stringify(made), 'utf8');
    await rename(`${pointer}.new`, pointer);
    return folder;
  } catch (error) {
    await remove(folder);
    throw error;
  }
}

/** Removes all environments. Returns whether there were any. */
export async function removeEnvironments(storage: string): Promise<boolean> {
  await rm(path.join(storage, POINTER), { force: true });
  const folders = await environments(storage);
  await Promise.all(folders.map(remove));
  return folders.length > 0;
}

/** Removes what is neither in use nor, perhaps, still being made or run by another window. */
export async function tidy(storage: string): Promise<void> {
  const current = await ownEnvironment(storage);
  for (const folder of await environments(storage)) {
    try {
      if (folder !== current && Date.now() - (await stat(folder)).mtimeMs > DAY_MS) {
        await remove(folder);
      }
    } catch {
      // Another window removes it, or it runs there: next time.
    }
  }
}

async function environments(storage: string): Promise<string[]> {
  try {
    const names = await readdir(storage);
    return names.filter((name) => name.startsWith(PREFIX) && name !== POINTER).map((name) => path.join(storage, name));
  } catch {
    return [];
  }
}

async function remove(folder: string): Promise<void> {
  // What has just been ended may still hold files on Windows.
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Runs a program of the installation, and reports its lines; ends it, with all that it has started, at the signal. */
function run(program: string, parameters: readonly string[], cwd: string, { report, signal }: Follower): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = follow(spawn(program, parameters, {
      cwd,
      env: {
        ...process.env,
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_NO_INPUT: '1',
        PIP_USER: '0',
        PYTHONIOENCODING: 'utf-8',
        PYTHONUTF8: '1',
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...LEADS_A_GROUP,
    }));
    const last: string[] = [];
    const take = (line: string) => {
      if (line.trim()) {
        last.push(line.trimEnd());
        last.splice(0, last.length - NUM_LAST_LINES);
        report(line.trim());
      }
    };
    createInterface({ input: child.stdout }).on('line', take);
    createInterface({ input: child.stderr }).on('line', take);
    const end = () => endTree(child);
    signal.addEventListener('abort', end, { once: true });
    const finish = (error?: unknown) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) {
        reject(signal.reason as Error);
      } else if (error) {
        reject(error as Error);
      } else {
        resolve();
      }
    };
    child.once('error', (error) => finish(new InstallationError(`${program} could not be run (${error.message})`, [])));
    child.once('close', (status) => {
      const what = [path.basename(program), ...parameters.filter((each) => each !== '-I')].slice(0, 4).join(' ');
      finish(status === 0 ? undefined : new InstallationError(`\`${what}\` failed`, last));
    });
  });
}
