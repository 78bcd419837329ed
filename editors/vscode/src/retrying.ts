import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

import type { Client } from './client';
import { isServed } from './documents';
import { showsGhostText } from './ghost_text';
import { pausedLanguage } from './pausing';
import type { Status } from './status';

interface Place {
  document: vscode.TextDocument;
  version: number;
  position: vscode.Position;
  isByHand: boolean;
}

/** Asks for ghost text once more where it was asked for, or something was typed, while the engine was not there yet. */
export class Retrying implements vscode.Disposable {
  private isReady = false;
  private missed: Place | undefined;
  private readonly changes = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    const [change] = contentChanges;
    if (!this.isReady && change && isServed(document) && document === vscode.window.activeTextEditor?.document) {
      const position = document.positionAt(change.rangeOffset + change.text.length);
      this.missed = { document, version: document.version, position, isByHand: false };
    }
  });

  readonly middleware: Pick<Middleware, 'provideInlineCompletionItems'> = {
    provideInlineCompletionItems: (document, position, context, token, next) => {
      const isByHand = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
      this.missed = this.isReady ? undefined : { document, version: document.version, position, isByHand };
      return next(document, position, context, token);
    },
  };

  dispose(): void {
    this.changes.dispose();
  }

  /** Takes what the server says of the engine; nothing while there is no server. */
  onStatus(status: Status | undefined, client?: Client): void {
    const wasReady = this.isReady;
    this.isReady = status?.state === 'ready' || status?.state === 'busy';
    if (this.isReady && !wasReady && this.missed && isWanted(this.missed)) {
      if (this.missed.isByHand) {
        client?.becomeAnotherSource();
      }
      void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    }
  }
}

function isWanted(place: Place): boolean {
  return (
    isAtCursor(place) &&
    (place.isByHand || showsGhostText(place.document)) &&
    pausedLanguage(vscode.window.activeTextEditor) === undefined
  );
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
