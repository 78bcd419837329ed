import * as vscode from 'vscode';

import { isPaused, pausedLanguage } from './pausing';
import type { Session } from './session';
import { figures, isWrong, type Shown, statusText, stateText } from './status_text';

/** The entry in the status bar; a click opens the menu. */
export function showStatus(session: Session): vscode.Disposable[] {
  const item = vscode.window.createStatusBarItem('glm', vscode.StatusBarAlignment.Right, 100);
  item.name = 'GLM';
  item.command = 'glm-lsp.menu';
  let before = '';
  const show = () => {
    const shown: Shown = { ...parts(session), pausedLanguage: pausedLanguage(vscode.window.activeTextEditor) };
    setContext('paused', isPaused(session));
    const now = JSON.stringify(shown);
    if (now === before) {
      return;
    }
    before = now;
    item.text = statusText(shown);
    item.tooltip = tooltip(shown);
    item.accessibilityInformation = { label: `GLM: ${stateText(shown)}`, role: 'button' };
    item.backgroundColor = isWrong(shown) ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    setContext('running', shown.phase === 'running');
  };
  show();
  item.show();
  return [
    item,
    session.onDidChange(show),
    vscode.window.onDidChangeActiveTextEditor(show),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('glm') && show()),
    // A language is another one after a change of the mode.
    vscode.workspace.onDidOpenTextDocument(show),
  ];
}

function parts({ phase, failure, status }: Session): Omit<Shown, 'pausedLanguage'> {
  return { phase, failure, status };
}

function tooltip(shown: Shown): vscode.MarkdownString {
  // Names and messages are not ours: they are put in as text.
  const text = new vscode.MarkdownString(undefined, false);
  text.appendMarkdown('**GLM** ').appendText(stateText(shown));
  for (const line of figures(shown)) {
    text.appendMarkdown('\n\n').appendText(line);
  }
  return text;
}

function setContext(name: string, value: boolean): void {
  void vscode.commands.executeCommand('setContext', `glm-lsp.${name}`, value);
}
