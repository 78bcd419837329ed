import * as path from 'node:path';

const NAME = 'glm-lsp';
const ENVIRONMENTS = ['.venv', 'venv'];

/** What the choice of a program depends on, besides the setting. */
export interface Machine {
  isWindows: boolean;
  home: string;
  /** The variable PATH. */
  searchPath: string;
  isProgram(file: string): Promise<boolean>;
}

/** An absolute path, or why there is none, in words for a person. */
export type Choice = { program: string } | { reason: string };

/**
 * The program to start: as set, else of a trusted folder's own environment, else as the PATH has it.
 *
 * A name is looked up here and never left to the operating system: Windows searches the current folder first, and what
 * lies in a folder is the folder's code.
 *
 * @param chosen the setting `glm.serverPath`; empty where nobody set it
 * @param trusted the workspace's folders, or none while the workspace is not trusted
 */
export async function chooseProgram(chosen: string, trusted: readonly string[], machine: Machine): Promise<Choice> {
  const paths = machine.isWindows ? path.win32 : path.posix;
  const onPath = machine.searchPath
    .split(paths.delimiter)
    .map((folder) => (machine.isWindows ? folder.replaceAll('"', '') : folder))
    .filter((folder) => paths.isAbsolute(folder));
  if (!chosen) {
    const programs = paths.join(machine.isWindows ? 'Scripts' : 'bin', NAME);
    const own = trusted.flatMap((folder) => ENVIRONMENTS.map((each) => paths.join(folder, each, programs)));
    const program = await first([...own, ...onPath.map((folder) => paths.join(folder, NAME))], machine);
    return program ? { program } : { reason: `${NAME} is not on the PATH` };
  }
  const wanted = /^~(?=$|[\\/])/.test(chosen) ? paths.join(machine.home, chosen.slice(1)) : chosen;
  if (paths.isAbsolute(wanted)) {
    const program = await first([wanted], machine);
    return program ? { program } : { reason: `${wanted} is not a program` };
  }
  const isName = !/[\\/]/.test(wanted);
  if (!isName && !trusted.length) {
    return { reason: `${chosen} is a path inside the folder, and no folder is open that you trust` };
  }
  const program = await first((isName ? onPath : trusted).map((folder) => paths.join(folder, wanted)), machine);
  return program ? { program } : { reason: `${chosen} is not ${isName ? 'on the PATH' : 'a program in this folder'}` };
}

async function first(files: string[], machine: Machine): Promise<string | undefined> {
  for (const file of files) {
    // Node.js starts nothing else on Windows without a shell.
    const program = machine.isWindows && !/\.exe$/i.test(file) ? `${file}.exe` : file;
    if (await machine.isProgram(program)) {
      return program;
    }
  }
  return undefined;
}
