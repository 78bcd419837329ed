import * as vscode from 'vscode';

/** Whether an editor shows ghost text without being asked: who has switched that off is not to be shown any. */
export function showsGhostText(document: vscode.TextDocument): boolean {
  return vscode.workspace.getConfiguration('editor', document).get<boolean>('inlineSuggest.enabled') !== false;
}
