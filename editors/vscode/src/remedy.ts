import * as vscode from 'vscode';

import type { Session } from './session';
import { setSetting } from './settings';

const INSTALL = 'Install…';
const CHOOSE = 'Choose Program…';
const SHOW_LOG = 'Show Log';

/** Says why the server does not run, and offers what may help. */
export async function offerRemedy(session: Session, reason: string): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(`GLM: ${reason}.`, INSTALL, CHOOSE, SHOW_LOG);
  if (chosen === INSTALL) {
    await vscode.commands.executeCommand('glm-lsp.install');
  } else if (chosen === CHOOSE) {
    await chooseProgram();
  } else if (chosen === SHOW_LOG) {
    session.log.show(true);
  }
}

/** The session is told of the setting's change like anybody else. */
async function chooseProgram(): Promise<void> {
  const files = await vscode.window.showOpenDialog({ title: 'GLM: the program glm-lsp', openLabel: 'Use' });
  const program = files?.[0]?.fsPath;
  if (program !== undefined) {
    await setSetting('serverPath', program);
  }
}
