import * as vscode from 'vscode';

const EXTENSION = 'ms-python.python';

interface PythonApi {
  environments?: { onDidChangeActiveEnvironmentPath?: vscode.Event<unknown> };
}

/**
 * Calls back when another Python is chosen, and when the Python extension can tell for the first time which one is.
 *
 * That extension is not woken for this: it wakes by itself with the first Python file, and nothing tells of that.
 */
export function onInterpreterChange(changed: () => void): vscode.Disposable {
  const listeners: vscode.Disposable[] = [];
  let isListening = false;
  let isDisposed = false;
  const listen = (): boolean => {
    const extension = vscode.extensions.getExtension<PythonApi>(EXTENSION);
    const event = extension?.isActive ? extension.exports?.environments?.onDidChangeActiveEnvironmentPath : undefined;
    if (!event || isListening || isDisposed) {
      return false;
    }
    isListening = true;
    listeners.push(event(changed));
    return true;
  };
  const look = async (): Promise<void> => {
    if (isListening) {
      return;
    }
    const isPython = vscode.workspace.textDocuments.some((document) => document.languageId === 'python');
    try {
      // It is waking already: this waits for it.
      await (isPython ? vscode.extensions.getExtension<PythonApi>(EXTENSION)?.activate() : undefined);
    } catch {
      // It has failed; that is for it to tell.
    }
    if (listen()) {
      changed();
    }
  };
  // One that is awake has been asked at the start.
  listen();
  const events = [
    vscode.workspace.onDidOpenTextDocument,
    vscode.window.onDidChangeActiveTextEditor,
    vscode.workspace.onDidSaveTextDocument,
    vscode.extensions.onDidChange,
  ] as vscode.Event<unknown>[];
  listeners.push(...events.map((event) => event(() => void look())));
  void look();
  return {
    dispose: () => {
      isDisposed = true;
      for (const each of listeners) {
        each.dispose();
      }
    },
  };
}
