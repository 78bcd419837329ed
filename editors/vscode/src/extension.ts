import * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';

import { registerDocstringCommands } from './docstring';
import { serverProgram } from './server';
import { chosenSettings } from './settings';

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const program = await serverProgram();
  client = new LanguageClient(
    'glm',
    'GLM',
    { command: program, args: ['serve'] },
    {
      documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
      initializationOptions: { ...chosenSettings(context), workspaceTrusted: vscode.workspace.isTrusted },
      middleware: {
        workspace: {
          // What nobody chose is left to the server's other layers: VS Code's defaults would hide them.
          configuration: (params) => params.items.map(() => chosenSettings(context)),
        },
      },
    },
  );
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('glm')) {
        void client?.sendNotification('workspace/didChangeConfiguration', {
          settings: { glm: chosenSettings(context) },
        });
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      void client?.sendNotification('glm/didChangeTrust', { trusted: true });
    }),
    ...registerDocstringCommands(client),
  );
  try {
    await client.start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(
      `GLM: ${program} could not be started (${reason}). Install glm-lsp, or name it in glm.serverPath.`,
    );
  }
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}
