import * as vscode from 'vscode';

import { Client } from './client';
import { registerDocstringCommands } from './docstring';
import { Retrying } from './retrying';
import { serverFolder, serverProgram } from './server';
import { chosenSettings } from './settings';

let client: Client | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const choice = await serverProgram();
  const program = 'program' in choice ? choice.program : undefined;
  const retrying = new Retrying();
  client = new Client(
    { command: program ?? '', args: ['serve'], options: { cwd: await serverFolder(context) } },
    {
      documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
      initializationOptions: { ...chosenSettings(context), workspaceTrusted: vscode.workspace.isTrusted },
      middleware: {
        ...retrying.middleware,
        workspace: {
          // What nobody chose is left to the server's other layers: VS Code's defaults would hide them.
          configuration: (params) => params.items.map(() => chosenSettings(context)),
        },
      },
    },
  );
  const started = client;
  context.subscriptions.push(
    retrying.listen(client),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('glm') && started.isRunning()) {
        void started.sendNotification('workspace/didChangeConfiguration', {
          settings: { glm: chosenSettings(context) },
        });
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (started.isRunning()) {
        void started.sendNotification('glm/didChangeTrust', { trusted: true });
      }
    }),
    ...registerDocstringCommands(client),
  );
  if ('reason' in choice) {
    return tellOfStart(choice.reason);
  }
  try {
    await client.start();
  } catch (error) {
    tellOfStart(`${program} could not be started (${error instanceof Error ? error.message : String(error)})`);
  }
}

export async function deactivate(): Promise<void> {
  if (client?.needsStop()) {
    await client.stop();
  }
}

function tellOfStart(reason: string): void {
  void vscode.window.showErrorMessage(
    `GLM: ${reason}. Install glm-lsp, or name it in glm.serverPath; then reload the window.`,
  );
}
