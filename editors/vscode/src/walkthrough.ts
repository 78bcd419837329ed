import * as vscode from 'vscode';

const SHOWN = 'glm.wasWalkthroughShown';
const NAME = 'start';

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
