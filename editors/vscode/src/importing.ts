import * as path from 'node:path';

import * as vscode from 'vscode';

import { faultOfHubId } from './hub_id';
import { faultOfModelName, nameLike } from './model_name';
import { listModels } from './models';
import { programOf } from './program_run';
import { serverFolder } from './server';
import type { Session } from './session';
import { setSetting } from './settings';

/** Between a task's end and that of its process, which may come in any order. */
const GRACE_MS = 1000;

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
      // The terminal shows why.
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

/** Runs a program in a terminal that stays until a key is pressed; the status it ends with, undefined if it was closed. */
async function inTerminal(program: string, parameters: string[], cwd: string): Promise<number | undefined> {
  const execution = new vscode.ProcessExecution(program, parameters, { cwd });
  const task = new vscode.Task({ type: 'process' }, vscode.TaskScope.Global, 'import', 'GLM', execution, []);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: true, echo: false };
  // It may have ended before it is known by what it was started.
  const ended = new Map<vscode.TaskExecution, number | undefined>();
  let check = () => {};
  const listeners = [
    vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      ended.set(execution, exitCode);
      check();
    }),
    // A program that could not be started has no process that ends.
    vscode.tasks.onDidEndTask(({ execution }) => {
      setTimeout(() => {
        ended.set(execution, ended.get(execution));
        check();
      }, GRACE_MS);
    }),
  ];
  try {
    const started = await vscode.tasks.executeTask(task);
    return await new Promise((resolve) => {
      check = () => ended.has(started) && resolve(ended.get(started));
      check();
    });
  } finally {
    for (const listener of listeners) {
      listener.dispose();
    }
  }
}

async function offer(name: string): Promise<void> {
  const use = 'Use It';
  if ((await vscode.window.showInformationMessage(`GLM: ${name} is there.`, use)) === use) {
    await setSetting('model', name);
  }
}
