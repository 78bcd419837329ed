import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

import type { Status } from './status';

interface Place {
  document: vscode.TextDocument;
  version: number;
  position: vscode.Position;
}

/** Asks for ghost text once more where it was asked for while the engine was not there yet. */
export class Retrying {
  private isReady = false;
  private missed: Place | undefined;

  readonly middleware: Pick<Middleware, 'provideInlineCompletionItems'> = {
    provideInlineCompletionItems: (document, position, context, token, next) => {
      this.missed = this.isReady ? undefined : { document, version: document.version, position };
      return next(document, position, context, token);
    },
  };

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
    editor?.document === document && document.version === version && editor.selection.active.isEqual(position)
  );
}
