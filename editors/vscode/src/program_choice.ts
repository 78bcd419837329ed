import * as vscode from 'vscode';

import { setSetting } from './settings';

/** What a button says that calls `chooseProgram`. */
export const CHOOSE = 'Choose Program…';

/** Has a person choose the program; the session is told of the setting's change like anybody else. */
export async function chooseProgram(): Promise<void> {
  const files = await vscode.window.showOpenDialog({ title: 'GLM: the program glm-lsp', openLabel: 'Use' });
  const program = files?.[0]?.fsPath;
  if (program !== undefined) {
    await setSetting('serverPath', program);
  }
}
