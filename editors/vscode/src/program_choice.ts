import * as path from 'node:path';

import * as vscode from 'vscode';

import { searched } from './program';
import { chosenPath, thisMachine } from './server';
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

/** Whether one that the extension installs would be used in place of this one: the setting and the folder's own come first. */
export function comesBehind(program: string | undefined, storage: string): boolean {
  const folder = program && path.dirname(program);
  return !chosenPath() && (!folder || folder.startsWith(storage) || searched(thisMachine()).includes(folder));
}
