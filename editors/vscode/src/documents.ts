import * as vscode from 'vscode';

const SCHEMES = ['file', 'untitled'];

/** Which documents the server is told of. */
export const SELECTOR = SCHEMES.map((scheme) => ({ scheme }));

/** Whether the server is told of a document: not of logs, reports, and what a person does not write. */
export function isServed(document: vscode.TextDocument): boolean {
  return SCHEMES.includes(document.uri.scheme);
}

/** The editor in front, if it has such a document; a panel with a log may be in front, too. */
export function servedEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && isServed(editor.document) ? editor : undefined;
}
