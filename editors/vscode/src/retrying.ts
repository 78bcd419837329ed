import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

import type { Status } from './status';

interface Place {
  document: vscode.TextDocument;
  version: number;
  position: vscode.Position;
}

/** Asks for ghost text once more where it was asked for, or something was typed, while the engine was not there yet. */
export class Retrying implements vscode.Disposable {
  private isReady = false;
  private missed: Place | undefined;
  private readonly changes = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    const [change] = contentChanges;
    if (!this.isReady && change && document === vscode.window.activeTextEditor?.document) {
      const position = document.positionAt(change.rangeOffset + change.text.length);
      this.missed = { document, version: document.version, position };
    }
  });

  readonly middleware: Pick<Middleware, 'provideInlineCompletionItems'> = {
    provideInlineCompletionItems: (document, position, context, token, next) => {
      this.missed = this.isReady ? undefined : { document, version: document.version, position };
      return next(document, position, context, token);
    },
  };

  dispose(): void {
    this.changes.dispose();
  }

  /** Takes what the server says of the engine; nothing while there is no server. */
  onStatus(status: Status | undefined): void {
    const wasReady = this.isReady;
    this.isReady = status?.state === 'ready' || status?.state === 'busy';
    if (this.isReady && !wasReady && this.missed && isAtCursor(this.missed)) {
      void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    }
  }
}

function isAtCursor({ document, version, position }: Place): boolean {
  const editor = vscode.window.activeTextEditor;
  return (
    editor?.document === document &&
    document.version === version &&
    editor.selection.isEmpty &&
    editor.selection.active.isEqual(position)
  );
}
