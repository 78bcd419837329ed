import * as vscode from 'vscode';

import type { Session } from './session';

const SHOWN = 'glm.wasWalkthroughShown';
const NAME = 'start';
/** The model that comes with the server. */
const STARTER = 'starter';

/** Shows the walkthrough at the first start of all, and by a command. */
export function showWalkthroughOnce(context: vscode.ExtensionContext): void {
  if (context.globalState.get<boolean>(SHOWN)) {
    return;
  }
  // Said first: a window that is closed meanwhile must not have it come again.
  void context.globalState.update(SHOWN, true).then(() => {
    // Who wants nothing to be opened at the start wants this neither.
    if (vscode.workspace.getConfiguration('workbench').get<string>('startupEditor') !== 'none') {
      void vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#${NAME}`, false);
    }
  });
}

/** Steps that count as done once they were done, not when their button was pressed. */
type Step = 'tookGhostText' | 'documented' | 'choseModel';

/** Ticks a step off. */
export function noteDone(step: Step): void {
  void vscode.commands.executeCommand('setContext', `glm-lsp.${step}`, true);
}

/** Ticks off what the server's figures show to be done. */
export function followSteps(session: Session): vscode.Disposable {
  return session.onDidChange(() => {
    if (session.status?.accepted) {
      noteDone('tookGhostText');
    }
    if (session.status?.model && session.status.model !== STARTER) {
      noteDone('choseModel');
    }
  });
}
