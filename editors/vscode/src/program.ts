import * as path from 'node:path';

export const NAME = 'glm-lsp';
const ENVIRONMENTS = ['.venv', 'venv'];

/** What the choice of a program depends on, besides what somebody chose. */
export interface Machine {
  isWindows: boolean;
  home: string;
  /** The variable PATH. */
  searchPath: string;
  isProgram(file: string): Promise<boolean>;
}

/** What somebody chose, in one way or another. */
export interface Chosen {
  /** The setting `glm.serverPath`; empty where nobody set it. */
  serverPath: string;
  /** The workspace's folders, or none while the workspace is not trusted. */
  trusted: readonly string[];
  /** The Python that was chosen for the workspace, in full; none while the workspace is not trusted. */
  interpreter?(): Promise<string | undefined>;
  /** The environment that the extension has made. */
  environment?: string | undefined;
}

/**
 * An absolute path, or why there is none, in words for a person.
 *
 * Of a folder: the folder or the Python chosen for it brings it. Missing: it is nowhere, and nobody named it.
 */
export type Choice = { program: string; isOfFolder?: true } | { reason: string; isMissing?: true };

/**
 * The program to start: as set, else of a trusted folder's own environment, of the Python chosen for it, of the
 * extension's own environment, and at last as the PATH has it.
 *
 * A name is looked up here and never left to the operating system: Windows searches the current folder first, and what
 * lies in a folder is the folder's code.
 */
export async function chooseProgram(chosen: Chosen, machine: Machine): Promise<Choice> {
  const paths = machine.isWindows ? path.win32 : path.posix;
  const { serverPath, trusted } = chosen;
  const onPath = searched(machine);
  if (!serverPath) {
    const own = trusted.flatMap((folder) => ENVIRONMENTS.map((each) => paths.join(folder, each)));
    const ofFolder =
      (await first(own.map((folder) => inEnvironment(folder, NAME, machine)), machine)) ??
      (await first(besideInterpreter(await chosen.interpreter?.(), machine), machine));
    if (ofFolder) {
      return { program: ofFolder, isOfFolder: true };
    }
    const program = await first(
      [
        ...(chosen.environment ? [inEnvironment(chosen.environment, NAME, machine)] : []),
        ...onPath.map((folder) => paths.join(folder, NAME)),
      ],
      machine,
    );
    return program ? { program } : { reason: `${NAME} is not installed, or not on the PATH`, isMissing: true };
  }
  const wanted = /^~(?=$|[\\/])/.test(serverPath) ? paths.join(machine.home, serverPath.slice(1)) : serverPath;
  if (isFull(wanted, machine)) {
    const program = await first([wanted], machine);
    return program ? { program } : { reason: `${wanted} is not a program` };
  }
  const isName = !/[\\/]/.test(wanted);
  if (!isName && !trusted.length) {
    return { reason: `${serverPath} is a path inside the folder, and no folder is open that you trust` };
  }
  const program = await first((isName ? onPath : trusted).map((folder) => paths.join(folder, wanted)), machine);
  return program ? { program } : { reason: `${serverPath} is not ${isName ? 'on the PATH' : 'a program in this folder'}` };
}

/** Where a virtual environment has its programs. */
export function inEnvironment(folder: string, name: string, machine: Pick<Machine, 'isWindows'>): string {
  return machine.isWindows
    ? path.win32.join(folder, 'Scripts', `${name}.exe`)
    : path.posix.join(folder, 'bin', name);
}

/** The first of these that is a program. */
export async function first(files: readonly string[], machine: Machine): Promise<string | undefined> {
  for (const file of files) {
    // Node.js starts nothing else on Windows without a shell.
    const program = machine.isWindows && !/\.exe$/i.test(file) ? `${file}.exe` : file;
    if (await machine.isProgram(program)) {
      return program;
    }
  }
  return undefined;
}

/** Folders of the PATH, and where programs of one user are put that editors started from a desktop do not find. */
export function searched(machine: Machine): string[] {
  const paths = machine.isWindows ? path.win32 : path.posix;
  return [
    ...machine.searchPath
      .split(paths.delimiter)
      .map((folder) => (machine.isWindows ? folder.replaceAll('"', '') : folder))
      .filter((folder) => isFull(folder, machine)),
    paths.join(machine.home, '.local', 'bin'),
  ];
}

/** Whether a path says all: on Windows `\tools` lies on whatever drive is the current one. */
function isFull(file: string, { isWindows }: Machine): boolean {
  return isWindows ? /^([a-z]:[\\/]|[\\/]{2}[^\\/])/i.test(file) : path.posix.isAbsolute(file);
}

/** Environments keep programs beside Python; Python itself, on Windows, in a folder below. */
function besideInterpreter(interpreter: string | undefined, machine: Machine): string[] {
  if (interpreter === undefined) {
    return [];
  }
  const paths = machine.isWindows ? path.win32 : path.posix;
  const folder = paths.dirname(interpreter);
  return [paths.join(folder, NAME), ...(machine.isWindows ? [paths.join(folder, 'Scripts', NAME)] : [])];
}
