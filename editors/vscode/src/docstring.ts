import { randomUUID } from 'node:crypto';

import * as vscode from 'vscode';
import {
  ExecuteCommandRequest,
  type LanguageClient,
  LSPErrorCodes,
  ResponseError,
  WorkDoneProgress,
} from 'vscode-languageclient/node';

import { servedEditor } from './documents';
import type { Session } from './session';
import { noteDone } from './walkthrough';

const COMMAND = 'glm.generateDocstring';
type Scope = 'definition' | 'file' | 'block';

/** The commands of the palette. The server sends the edit by itself. */
export function registerDocstringCommands(session: Session): vscode.Disposable[] {
  const register = (name: string, scope: Scope) =>
    vscode.commands.registerCommand(`glm-lsp.${name}`, () => {
      const editor = servedEditor();
      if (editor) {
        void generate(session, editor, scope);
      } else {
        void vscode.window.showInformationMessage('GLM: open a file of code, and put the cursor into what is to be documented.');
      }
    });
  return [
    register('generateDocstring', 'definition'),
    register('generateDocstringsInFile', 'file'),
    register('commentSelection', 'block'),
  ];
}

async function generate(session: Session, editor: vscode.TextEditor, scope: Scope): Promise<void> {
  // As it is now: the person may go on while a server is being started.
  const { selection, document } = editor;
  const title = 'GLM: writing documentation';
  try {
    // The client shows a server's own progress in the status bar, where nobody can cancel it.
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, cancellable: true, title },
      async (progress, cancelled) => {
        const client = await session.running(cancelled);
        if (!client) {
          return;
        }
        const convert = client.code2ProtocolConverter;
        const place =
          scope === 'block'
            ? { range: convert.asRange(selection) }
            : { position: convert.asPosition(selection.active) };
        const wish = { command: COMMAND, arguments: [{ uri: convert.asUri(document.uri), scope, ...place }] };
        if (await send(client, wish, progress, cancelled)) {
          noteDone('documented');
        }
      },
    );
  } catch (error) {
    if (!(error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled)) {
      void vscode.window.showErrorMessage(`GLM: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** @returns whether documentation was put into the document */
async function send(
  client: LanguageClient,
  wish: { command: string; arguments: unknown[] },
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  cancelled: vscode.CancellationToken,
): Promise<boolean> {
  const workDoneToken = randomUUID();
  let shown = 0;
  const listener = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
    if (value.kind !== 'end') {
      const percentage = value.percentage ?? shown;
      progress.report({ message: value.message, increment: percentage - shown });
      shown = percentage;
    }
  });
  try {
    const wasWritten: unknown = await client.sendRequest(ExecuteCommandRequest.type, { ...wish, workDoneToken }, cancelled);
    return wasWritten === true;
  } finally {
    listener.dispose();
  }
}
