import * as vscode from 'vscode';

import { registerDocstringCommands } from './docstring';
import { Session } from './session';
import { chosenSettings } from './settings';

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = new Session(context, (reason) => tellOfStart(reason));
  session = started;
  context.subscriptions.push(
    started,
    ...followSettings(context, started),
    ...registerDocstringCommands(started),
  );
  await started.start();
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}

/** The server is told of what changes; another program takes its place. */
function followSettings(context: vscode.ExtensionContext, session: Session): vscode.Disposable[] {
  return [
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('glm') && session.client?.isRunning()) {
        void session.client.sendNotification('workspace/didChangeConfiguration', {
          settings: { glm: chosenSettings(context) },
        });
      }
      if (change.affectsConfiguration('glm.serverPath')) {
        void session.refresh();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (session.client?.isRunning()) {
        void session.client.sendNotification('glm/didChangeTrust', { trusted: true });
      }
      void session.refresh();
    }),
  ];
}

async function tellOfStart(reason: string): Promise<void> {
  const choose = 'Choose Program…';
  const showLog = 'Show Log';
  const chosen = await vscode.window.showErrorMessage(`GLM: ${reason}.`, choose, showLog);
  if (chosen === choose) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'glm.serverPath');
  } else if (chosen === showLog) {
    session?.log.show(true);
  }
}
