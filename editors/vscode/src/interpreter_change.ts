import * as vscode from 'vscode';

const EXTENSION = 'ms-python.python';

interface PythonApi {
  environments?: { onDidChangeActiveEnvironmentPath?: vscode.Event<unknown> };
}

/** Calls back when another Python is chosen, once the Python extension is awake; it is not woken for this. */
export function onInterpreterChange(changed: () => void): vscode.Disposable {
  let listener: vscode.Disposable | undefined;
  const listen = () => {
    const extension = vscode.extensions.getExtension<PythonApi>(EXTENSION);
    if (!listener && extension?.isActive) {
      listener = extension.exports?.environments?.onDidChangeActiveEnvironmentPath?.(changed);
    }
  };
  listen();
  // Nothing tells of an extension's waking; the one for Python wakes with its files.
  const opened = vscode.workspace.onDidOpenTextDocument(listen);
  const shown = vscode.window.onDidChangeActiveTextEditor(listen);
  const saved = vscode.workspace.onDidSaveTextDocument(listen);
  return {
    dispose: () => {
      for (const each of [listener, opened, shown, saved]) {
        each?.dispose();
      }
    },
  };
}
