import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import * as os from 'node:os';

import * as vscode from 'vscode';

import { ownEnvironment } from './environment';
import { chosenInterpreter } from './interpreter';
import { chooseProgram, type Choice, type Machine } from './program';
import { isTooOld, OLDEST_SERVER } from './version';

const VERSIONS = 'glm.versions';
const PATIENCE_MS = 30_000;
/** For what other extensions are asked. */
const OTHERS_MS = 5_000;

/**
 * The program to start, by the settings and this machine; it has been asked once for its version.
 *
 * @param signal ends the asking; what is returned then is of no use
 */
export async function serverProgram(context: vscode.ExtensionContext, signal?: AbortSignal): Promise<Choice> {
  const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  const trusted = folders.filter((each) => each.uri.scheme === 'file');
  const choice = await chooseProgram(
    {
      serverPath: chosenPath(),
      trusted: trusted.map((each) => each.uri.fsPath),
      interpreter: async () => (trusted[0] ? soon(pythonInterpreter(trusted[0].uri), signal) : undefined),
      environment: await ownEnvironment(context.globalStorageUri.fsPath),
    },
    thisMachine(),
  );
  if ('reason' in choice) {
    return choice;
  }
  const version = await versionOf(choice.program, context, signal);
  if (version !== undefined && isTooOld(version)) {
    return { reason: `${choice.program} is version ${version}; ${OLDEST_SERVER} or newer is needed, install that one` };
  }
  return choice;
}

/** Where the server is started: outside of the workspace, whose files are not the server's. */
export async function serverFolder(context: vscode.ExtensionContext): Promise<string> {
  const home = os.homedir();
  return (await isFolder(home)) ? home : context.extensionPath;
}

/** This machine, as programs are looked for on it. */
export function thisMachine(): Machine {
  return {
    isWindows: process.platform === 'win32',
    home: os.homedir(),
    searchPath: process.env.PATH ?? '',
    isProgram,
  };
}

/** The Python of the Python extension, for a folder that is trusted; that extension is woken for Python only. */
export function pythonInterpreter(folder: vscode.Uri): Promise<string | undefined> {
  const isPython = vscode.workspace.textDocuments.some((document) => document.languageId === 'python');
  return chosenInterpreter((id) => vscode.extensions.getExtension<unknown>(id), folder, isPython);
}

/** The setting `glm.serverPath`; empty where nobody set it. */
export function chosenPath(): string {
  return vscode.workspace.getConfiguration('glm').get<string>('serverPath') ?? '';
}

/** What another extension says, if it does so soon; a session hears of it when it comes late. */
function soon<T>(answer: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(undefined);
    const late = setTimeout(giveUp, OTHERS_MS);
    signal?.addEventListener('abort', giveUp);
    answer.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

/** What a program says of its version; undefined where it does not. It is not asked again before it changes. */
async function versionOf(
  program: string,
  context: vscode.ExtensionContext,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { mtimeMs, size } = await stat(program);
  const key = `${program} ${mtimeMs} ${size}`;
  const known = context.globalState.get<{ key: string; version: string }>(VERSIONS);
  if (known?.key === key) {
    return known.version;
  }
  const version = await askForVersion(program, await serverFolder(context), signal);
  if (version !== undefined) {
    await context.globalState.update(VERSIONS, { key, version });
  }
  return version;
}

/** The version that `glm-lsp --version` prints; undefined where it fails: starting the server tells why. */
export function askForVersion(program: string, folder: string, signal?: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      cwd: folder,
      timeout: PATIENCE_MS,
      // One that hangs may not listen to anything less.
      killSignal: 'SIGKILL',
      windowsHide: true,
      env: { ...process.env, NO_COLOR: '1' },
      ...(signal && { signal }),
    } as const;
    const child = execFile(program, ['--version'], options, (error, stdout) =>
      resolve(error ? undefined : /^glm-lsp (\S+)/.exec(stdout)?.[1]),
    );
    child.stdin?.end();
  });
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    return false;
  }
}
