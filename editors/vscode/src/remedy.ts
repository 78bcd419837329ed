import * as vscode from 'vscode';

import { CHOOSE, chooseProgram } from './program_choice';
import { chosenPath } from './server';
import type { Session } from './session';
import { setSetting } from './settings';

const FORGET = 'Forget the Setting';
const INSTALL = 'Install…';
const SHOW_LOG = 'Show Log';

/** Says why the server does not run, and offers what may help. */
export async function offerRemedy(session: Session, reason: string): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(`GLM: ${reason}.`, ...remedies(session), SHOW_LOG);
  if (chosen === FORGET) {
    await setSetting('serverPath', undefined);
  } else if (chosen === INSTALL) {
    await vscode.commands.executeCommand('glm-lsp.install');
  } else if (chosen === CHOOSE) {
    await chooseProgram();
  } else if (chosen === SHOW_LOG) {
    session.log.show(true);
  }
}

/** What would have another program used. */
function remedies({ isOfFolder }: Session): string[] {
  if (chosenPath()) {
    return [FORGET, CHOOSE];
  }
  return isOfFolder ? [CHOOSE] : [INSTALL, CHOOSE];
}
