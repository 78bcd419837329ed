import * as vscode from 'vscode';

import { servedEditor } from './documents';
import type { Reports } from './reports';
import type { Session } from './session';

/** Shows the story of the last answer in a document. */
export function registerWhy(session: Session, reports: Reports): vscode.Disposable {
  let latest: vscode.TextDocument | undefined;
  return vscode.commands.registerCommand('glm-lsp.why', async () => {
    const document = servedEditor()?.document ?? latest;
    latest = document;
    const client = await session.running();
    if (!client) {
      return;
    }
    if (!document || document.isClosed) {
      void vscode.window.showInformationMessage('GLM: open a file, and put the cursor where you miss a suggestion.');
      return;
    }
    try {
      const story = await client.sendRequest<{ text?: string } | null>('glm/why', {
        textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri) },
        withText: true,
      });
      await reports.show('GLM why', story?.text ?? unasked(document));
    } catch (error) {
      void vscode.window.showErrorMessage(`GLM: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

function unasked(document: vscode.TextDocument): string {
  const name = vscode.workspace.asRelativePath(document.uri);
  const where = 'Type there, or trigger an inline suggestion by hand, and ask again.';
  return `Nothing has been asked for in ${name} yet.\n\n${where}\n`;
}
