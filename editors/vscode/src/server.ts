import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';

import * as vscode from 'vscode';

const IS_WINDOWS = process.platform === 'win32';
const NAME = IS_WINDOWS ? 'glm-lsp.exe' : 'glm-lsp';
const ENVIRONMENTS = ['.venv', 'venv'];

/** The program to start: as set, else of a trusted folder's own environment, else as the PATH has it. */
export async function serverProgram(): Promise<string> {
  const chosen = vscode.workspace.getConfiguration('glm').get<string>('serverPath');
  if (chosen) {
    return chosen;
  }
  // A folder's environment is the folder's code.
  const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  for (const folder of folders.filter((each) => each.uri.scheme === 'file')) {
    for (const environment of ENVIRONMENTS) {
      const program = path.join(folder.uri.fsPath, environment, IS_WINDOWS ? 'Scripts' : 'bin', NAME);
      if (await isExecutable(program)) {
        return program;
      }
    }
  }
  return NAME;
}

async function isExecutable(program: string): Promise<boolean> {
  try {
    await access(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
