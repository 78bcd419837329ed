import * as vscode from 'vscode';

import { showsGhostText } from './ghost_text';
import { runProgram } from './program_run';
import type { Session } from './session';
import { isSet, setSetting } from './settings';

/** Commands that pause: the settings that say so are written where they stand, else in the user's. */
export function registerPausing(context: vscode.ExtensionContext, session: Session): vscode.Disposable[] {
  const register = vscode.commands.registerCommand;
  return [
    register('glm-lsp.pause', async () => {
      await setSetting('enable', false);
      await hide();
    }),
    register('glm-lsp.resume', async () => {
      await setSetting('enable', true);
      await ask(session);
    }),
    register('glm-lsp.pauseForLanguage', async () => {
      const editor = vscode.window.activeTextEditor;
      if (!editor) {
        void vscode.window.showInformationMessage('GLM: no file is open, so there is no language to pause for.');
        return;
      }
      const { languageId } = editor.document;
      const wasPaused = pausedLanguage(editor) !== undefined;
      const listed = isSet('disabledIn') ? disabledIn() : await fromServer(context, session);
      const others = listed.filter((each) => each.toLowerCase() !== languageId.toLowerCase());
      await setSetting('disabledIn', wasPaused ? others : [...others, languageId]);
      await (wasPaused ? ask(session) : hide());
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

/** What the server's config file and environment say: a list of the editor's takes the place of theirs. */
async function fromServer(context: vscode.ExtensionContext, session: Session): Promise<readonly string[]> {
  if (session.program === undefined) {
    return [];
  }
  const where = vscode.ProgressLocation.Window;
  const ended = await runProgram(context, session, 'reading settings', ['config', 'show', '--json'], where);
  try {
    const { settings } = JSON.parse(ended?.stdout ?? '') as { settings: { name: string; value: unknown }[] };
    const value = settings.find(({ name }) => name === 'disabledIn')?.value;
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
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
