import { access, constants, stat } from 'node:fs/promises';
import * as os from 'node:os';

import * as vscode from 'vscode';

import { chooseProgram, type Choice } from './program';

/** The program to start, by the settings and this machine. */
export function serverProgram(_context: vscode.ExtensionContext): Promise<Choice> {
  const chosen = vscode.workspace.getConfiguration('glm').get<string>('serverPath') ?? '';
  const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  const trusted = folders.filter((each) => each.uri.scheme === 'file').map((each) => each.uri.fsPath);
  return chooseProgram(chosen, trusted, {
    isWindows: process.platform === 'win32',
    home: os.homedir(),
    searchPath: process.env.PATH ?? '',
    isProgram,
  });
}

/** Where the server is started: outside of the workspace, whose files are not the server's. */
export async function serverFolder(context: vscode.ExtensionContext): Promise<string> {
  const home = os.homedir();
  return (await isFolder(home)) ? home : context.extensionPath;
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
