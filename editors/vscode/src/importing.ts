import * as path from 'node:path';

import * as vscode from 'vscode';

import { faultOfHubId } from './hub_id';
import { faultOfModelName, nameLike } from './model_name';
import { listModels } from './models';
import { programOf } from './program_run';
import { serverFolder } from './server';
import type { Session } from './session';
import { setSetting } from './settings';

/** The command that imports a model in a terminal, where its bar, its questions and Ctrl+C are. */
export function registerImport(context: vscode.ExtensionContext, session: Session): vscode.Disposable {
  return vscode.commands.registerCommand('glm-lsp.importModel', async () => {
    const program = programOf(session);
    const source = program === undefined ? undefined : await wanted();
    if (program === undefined || source === undefined) {
      return;
    }
    const before = await listModels(context, session);
    if (!before) {
      return;
    }
    const status = await inTerminal(program, ['model', 'import', ...source], await serverFolder(context));
    if (status !== 0) {
      // The terminal stays and shows why.
      return;
    }
    const known = new Set(before.filter((each) => each.state === 'installed').map((each) => each.name));
    const after = (await listModels(context, session)) ?? [];
    const added = after.find((each) => each.state === 'installed' && !each.error && !known.has(each.name));
    if (added) {
      await offer(added.name);
    }
  });
}

/** What to import, as the command line has it. */
async function wanted(): Promise<string[] | undefined> {
  const folder = { label: '$(folder) From a folder…', detail: 'An official checkpoint on this machine' };
  const hub = {
    label: '$(cloud-download) From the hub…',
    detail: 'Downloads ORG/NAME; sizes are told, and you are asked, before anything is fetched',
  };
  const origin = await vscode.window.showQuickPick([folder, hub], { title: 'GLM: import a model' });
  if (origin === hub) {
    const id = await vscode.window.showInputBox({
      title: 'GLM: import a model from the hub',
      prompt: 'Organisation and name',
      placeHolder: 'ORG/NAME',
      validateInput: faultOfHubId,
      ignoreFocusOut: true,
    });
    return id === undefined ? undefined : [id.trim()];
  }
  if (origin === folder) {
    const chosen = await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: 'Import',
      title: 'GLM: folder of a checkpoint',
    });
    const folderPath = chosen?.[0]?.fsPath;
    return folderPath === undefined ? undefined : named(folderPath);
  }
  return undefined;
}

/** A folder, and the model's name where the folder's cannot be that. */
async function named(folder: string): Promise<string[] | undefined> {
  const usual = path.basename(folder);
  if (!faultOfModelName(usual)) {
    return [folder];
  }
  const name = await vscode.window.showInputBox({
    title: 'GLM: name of the model',
    prompt: `A model cannot be called "${usual}", as its folder is`,
    value: nameLike(usual),
    validateInput: faultOfModelName,
    ignoreFocusOut: true,
  });
  return name === undefined ? undefined : [folder, '--name', name.trim()];
}

/** Runs a program in a terminal of its own; the status it ends with, or undefined if a person closed it. */
function inTerminal(shellPath: string, shellArgs: string[], cwd: string): Promise<number | undefined> {
  const terminal = vscode.window.createTerminal({ name: 'GLM: import', shellPath, shellArgs, cwd });
  terminal.show();
  return new Promise((resolve) => {
    const listener = vscode.window.onDidCloseTerminal((closed) => {
      if (closed === terminal) {
        listener.dispose();
        resolve(closed.exitStatus?.code);
      }
    });
  });
}

async function offer(name: string): Promise<void> {
  const use = 'Use It';
  if ((await vscode.window.showInformationMessage(`GLM: ${name} is there.`, use)) === use) {
    await setSetting('model', name);
  }
}
