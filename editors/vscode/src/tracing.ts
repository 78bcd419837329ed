import * as vscode from 'vscode';

/**
 * The log as a language client gets it for what passes between editor and server.
 *
 * With a log at the level Trace, the client asks the settings how much of that to log, up to whole documents, and VS Code
 * takes such a setting from any folder. It asks nothing as long as it sees a coarser level: so that is what it sees in a
 * folder that is not trusted.
 */
export function tracedTo(log: vscode.LogOutputChannel): vscode.LogOutputChannel {
  if (vscode.workspace.isTrusted) {
    return log;
  }
  const never: vscode.Event<vscode.LogLevel> = () => new vscode.Disposable(() => undefined);
  return Object.create(log, {
    logLevel: { value: vscode.LogLevel.Info },
    onDidChangeLogLevel: { value: never },
  }) as vscode.LogOutputChannel;
}
