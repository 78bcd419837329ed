import * as path from 'node:path';

import { first, type Machine, searched } from './program.ts';

/** The oldest Python that runs the server, as `sys.version_info` has it. */
const OLDEST = [3, 11] as const;
const NAMES = ['python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
const EXTENSION = 'ms-python.python';
/** Where Homebrew and python.org put programs; editors started from a desktop of macOS do not have them on the PATH. */
const ON_MACOS = ['/opt/homebrew/bin', '/usr/local/bin'];

/** Says its version and whether it can make environments: Debian has that in a package of its own. */
const QUESTION = [
  'import sys',
  'from importlib.util import find_spec',
  "print(*sys.version_info[:2], all(find_spec(name) for name in ('venv', 'ensurepip')))",
].join('\n');

/** A Python: the program, in full, and what comes before its own parameters. */
export interface Interpreter {
  program: string;
  parameters: readonly string[];
  version: string;
}

/** What programs say: their standard output, or undefined where they fail. */
export type Ask = (program: string, parameters: readonly string[]) => Promise<string | undefined>;

/** What is used of the Python extension. */
export interface PythonExtension {
  isActive: boolean;
  exports: unknown;
  activate(): Thenable<unknown>;
}

/** The Python extension's own description of these is longer. */
interface Environments {
  getActiveEnvironmentPath(resource?: unknown): unknown;
  resolveEnvironment(environment: unknown): Promise<{ executable?: { uri?: { fsPath: string } } } | undefined>;
}

/**
 * The first Python that can run the server, or what was seen instead, in words for a person.
 *
 * @param chosen the Python of the Python extension, where there is one
 */
export async function findInterpreter(
  chosen: string | undefined,
  machine: Machine,
  ask: Ask,
): Promise<Interpreter | { reason: string }> {
  const paths = machine.isWindows ? path.win32 : path.posix;
  const folders = [...searched(machine), ...(machine.isWindows ? [] : ON_MACOS)];
  const seen = new Map<string, string>();
  const candidates: [string, string[]][] = chosen ? [[chosen, []]] : [];
  for (const name of NAMES) {
    const program = await first(folders.map((folder) => paths.join(folder, name)), machine);
    if (program) {
      candidates.push([program, []]);
    }
  }
  const launcher = machine.isWindows ? await first(folders.map((folder) => paths.join(folder, 'py')), machine) : undefined;
  if (launcher) {
    candidates.push([launcher, ['-3']]);
  }
  for (const [program, parameters] of candidates) {
    if (seen.has(program)) {
      continue;
    }
    const answer = /^(\d+) (\d+) (True|False)\s*$/.exec((await ask(program, [...parameters, '-I', '-c', QUESTION])) ?? '');
    if (!answer) {
      seen.set(program, 'does not run');
      continue;
    }
    const [major, minor] = [Number(answer[1]), Number(answer[2])];
    const version = `${major}.${minor}`;
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      seen.set(program, version);
    } else if (answer[3] === 'False') {
      seen.set(program, `${version}, which cannot make environments; on Debian: apt install python${version}-venv`);
    } else {
      return { program, parameters, version };
    }
  }
  const found = [...seen].map(([program, what]) => `${program} (${what})`).join(', ');
  return { reason: `Python ${OLDEST.join('.')} or newer is needed; found: ${found || 'none'}` };
}

/**
 * The Python chosen in the Python extension, in full; undefined without that extension, or a choice.
 *
 * @param mayActivate whether an extension that slept until now is to be woken
 */
export async function chosenInterpreter(
  getExtension: (id: string) => PythonExtension | undefined,
  folder: unknown,
  mayActivate: boolean,
): Promise<string | undefined> {
  const extension = getExtension(EXTENSION);
  if (!extension || !(extension.isActive || mayActivate)) {
    return undefined;
  }
  try {
    const api = (extension.isActive ? extension.exports : await extension.activate()) as
      | { environments?: Environments }
      | undefined;
    const environments = api?.environments;
    const resolved = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
    return resolved?.executable?.uri?.fsPath;
  } catch {
    // It has failed; that is for it to tell.
    return undefined;
  }
}
