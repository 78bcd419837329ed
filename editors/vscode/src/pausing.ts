import * as vscode from 'vscode';

import { servedEditor } from './documents';
import { showsGhostText } from './ghost_text';
import type { Session } from './session';
import { isSet, setSetting } from './settings';
import { takeBackTo, valueUnderneath } from './underneath';

/** Commands that pause: the settings that say so are written where they stand, else in the user's. */
export function registerPausing(context: vscode.ExtensionContext, session: Session): vscode.Disposable[] {
  const register = vscode.commands.registerCommand;
  return [
    register('glm-lsp.pause', async () => {
      const place = await setSetting('enable', false);
      await hide();
      if (place === 'workspace') {
        void vscode.window.showInformationMessage('GLM: paused in the settings of this workspace, which had it on.');
      }
    }),
    register('glm-lsp.resume', async () => {
      await takeBackTo(context, session, 'enable', true, true);
      await ask(session);
    }),
    register('glm-lsp.pauseForLanguage', async () => {
      const editor = servedEditor();
      if (!editor) {
        void vscode.window.showInformationMessage('GLM: no file is open, so there is no language to pause for.');
        return;
      }
      const { languageId } = editor.document;
      const isThis = (each: string) => each.toLowerCase() === languageId.toLowerCase();
      const nothing: string[] = [];
      if (pausedLanguage(editor) !== undefined) {
        const rest = disabledIn().filter((each) => !isThis(each));
        await takeBackTo(context, session, 'disabledIn', rest, nothing);
        await ask(session);
        return;
      }
      // A list of the editor's takes the place of theirs.
      const listed = isSet('disabledIn')
        ? disabledIn()
        : await valueUnderneath(context, session, 'disabledIn', nothing);
      if (!listed) {
        return;
      }
      await setSetting('disabledIn', [...listed.filter((each) => !isThis(each)), languageId]);
      await hide();
    }),
  ];
}

/** Whether nothing is suggested anywhere; where no server runs that could tell, by the setting. */
export function isPaused(session: Session): boolean {
  const state = session.status?.state;
  return state === undefined
    ? vscode.workspace.getConfiguration('glm').get<boolean>('enable') === false
    : state === 'inactive';
}

/** The language of an editor, if nothing is to be suggested in it. */
export function pausedLanguage(editor: vscode.TextEditor | undefined): string | undefined {
  const language = editor?.document.languageId;
  return language !== undefined && disabledIn().some((each) => each.toLowerCase() === language.toLowerCase())
    ? language
    : undefined;
}

function disabledIn(): readonly string[] {
  return vscode.workspace.getConfiguration('glm').get<string[]>('disabledIn') ?? [];
}

async function hide(): Promise<void> {
  await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
}

async function ask(session: Session): Promise<void> {
  // The server hears of the change first: messages keep their order.
  const editor = vscode.window.activeTextEditor;
  const isWanted = editor && showsGhostText(editor.document) && pausedLanguage(editor) === undefined;
  if (session.client?.isRunning() && isWanted) {
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
  }
}
