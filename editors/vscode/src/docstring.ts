import * as vscode from 'vscode';
import { ExecuteCommandRequest, type LanguageClient, LSPErrorCodes, ResponseError } from 'vscode-languageclient/node';

const COMMAND = 'glm.generateDocstring';
type Scope = 'definition' | 'file' | 'block';

/** The commands of the palette. The server sends the edit, and shows the progress with its cancel button. */
export function registerDocstringCommands(client: LanguageClient): vscode.Disposable[] {
  const register = (name: string, scope: Scope) =>
    vscode.commands.registerTextEditorCommand(`glm-lsp.${name}`, (editor) => void generate(client, editor, scope));
  return [
    register('generateDocstring', 'definition'),
    register('generateDocstringsInFile', 'file'),
    register('commentSelection', 'block'),
  ];
}

async function generate(client: LanguageClient, editor: vscode.TextEditor, scope: Scope): Promise<void> {
  if (!client.isRunning()) {
    void vscode.window.showErrorMessage('GLM: the server is not running.');
    return;
  }
  const place =
    scope === 'block'
      ? { range: client.code2ProtocolConverter.asRange(editor.selection) }
      : { position: client.code2ProtocolConverter.asPosition(editor.selection.active) };
  const uri = client.code2ProtocolConverter.asUri(editor.document.uri);
  try {
    await client.sendRequest(ExecuteCommandRequest.type, {
      command: COMMAND,
      arguments: [{ uri, scope, ...place }],
    });
  } catch (error) {
    if (!(error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled)) {
      void vscode.window.showErrorMessage(`GLM: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
