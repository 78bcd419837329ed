import * as path from 'node:path';

import * as vscode from 'vscode';

import { faultOfHubId } from './hub_id';
import { faultOfModelName, nameLike } from './model_name';
import { programOf, runProgram, tellOfFailure } from './program_run';
import type { Session } from './session';
import { setSetting } from './settings';

const IMPORT = ['model', 'import'];
/** What the program says at the end of a dry run. */
const DRY_RUN = 'Nothing was done: that was a dry run.';
const MOST_LINES = 40;

/**
 * The command that imports a model: says what would be done, asks, and does it.
 *
 * Not in a terminal: VS Code asks to trust the folder before it starts any, though this has nothing to do with it.
 */
export function registerImport(context: vscode.ExtensionContext, session: Session): vscode.Disposable {
  return vscode.commands.registerCommand('glm-lsp.importModel', async () => {
    // Said at once, not after all the questions.
    const source = programOf(session) === undefined ? undefined : await wanted();
    if (!source) {
      return;
    }
    const label = path.basename(source[0] ?? '');
    const seen = await runProgram(context, session, `looking at ${label}`, [...IMPORT, ...source, '--dry-run']);
    if (seen?.status !== 0) {
      return seen && tellOfFailure(`importing ${label}`, seen, session.log);
    }
    if (!(await isWanted(label, seen.stderr))) {
      return;
    }
    const done = await runProgram(
      context,
      session,
      `importing ${label}`,
      [...IMPORT, ...source, '--yes'],
      vscode.ProgressLocation.Notification,
      () => tellOfCancelling(label),
    );
    if (done?.status !== 0) {
      return done && tellOfFailure(`importing ${label}`, done, session.log);
    }
    session.log.info(done.stderr);
    // It prints the model's folder, which has its name.
    await offer(path.basename(done.stdout.trim()));
  });
}

function tellOfCancelling(label: string): void {
  void vscode.window.showInformationMessage(
    `GLM: ${label} was not imported. What has been done is kept; import it again to go on with it.`,
  );
}

/** Whether somebody wants what they have been told of. */
async function isWanted(label: string, told: string): Promise<boolean> {
  const lines = told.trim().split('\n').filter((line) => line !== DRY_RUN);
  const detail = [...lines.slice(0, MOST_LINES), ...(lines.length > MOST_LINES ? ['…'] : [])].join('\n');
  const go = 'Import';
  return (await vscode.window.showInformationMessage(`Import ${label}?`, { modal: true, detail }, go)) === go;
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

async function offer(name: string): Promise<void> {
  const use = 'Use It';
  const where = vscode.workspace.isTrusted ? '' : ' As long as you do not trust this folder, it has the built-in model.';
  if ((await vscode.window.showInformationMessage(`GLM: ${name} is there.${where}`, use)) === use) {
    await setSetting('model', name);
  }
}
