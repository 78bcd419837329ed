import * as vscode from 'vscode';

import { servedEditor } from './documents';
import { isPaused, pausedLanguage } from './pausing';
import type { Session } from './session';
import { stateText } from './status_text';

type Entry = vscode.QuickPickItem & { run?: () => Thenable<unknown> };

/** The menu behind the entry in the status bar, and what only it needs. */
export function registerMenu(session: Session): vscode.Disposable[] {
  const register = vscode.commands.registerCommand;
  return [
    register('glm-lsp.menu', async () => {
      const chosen = await vscode.window.showQuickPick(entries(session), {
        title: 'GLM',
        placeHolder: `GLM: ${stateText({ ...shown(session), pausedLanguage: language() })}`,
      });
      // A click on the status bar has taken the keys from the editor.
      await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
      await chosen?.run?.();
    }),
    register('glm-lsp.restart', () => session.restart()),
    register('glm-lsp.restartEngine', () => restartEngine(session)),
    register('glm-lsp.showLog', () => session.log.show(true)),
  ];
}

function entries(session: Session): Entry[] {
  const editor = servedEditor();
  const list: Entry[] = [
    isPaused(session) ? entry('play', 'Resume', 'glm-lsp.resume') : entry('debug-pause', 'Pause', 'glm-lsp.pause'),
  ];
  if (editor) {
    const verb = pausedLanguage(editor) === undefined ? 'Pause' : 'Resume';
    list.push(entry('circle-slash', `${verb} for ${editor.document.languageId}`, 'glm-lsp.pauseForLanguage'));
    list.push(entry('question', 'Why is there no suggestion here?', 'glm-lsp.why'));
    list.push(entry('edit', 'Generate docstring', 'glm-lsp.generateDocstring'));
  }
  return [
    ...list,
    separator('Model'),
    entry('chip', 'Choose model…', 'glm-lsp.chooseModel', session.status?.model),
    entry('cloud-download', 'Import a model…', 'glm-lsp.importModel'),
    separator('Server'),
    entry('debug-restart', 'Restart server', 'glm-lsp.restart', session.program),
    entry('refresh', 'Restart engine', 'glm-lsp.restartEngine', 'for all windows'),
    separator('Insight'),
    entry('output', 'Show log', 'glm-lsp.showLog'),
    entry('pulse', 'Run the doctor', 'glm-lsp.doctor'),
    entry('graph', 'Show benchmark page', 'glm-lsp.showBenchmarkPage'),
    {
      label: '$(gear) Settings',
      run: () => vscode.commands.executeCommand('workbench.action.openSettings', 'glm.'),
    },
  ];
}

function entry(icon: string, label: string, command: string, description?: string): Entry {
  return { label: `$(${icon}) ${label}`, description, run: () => vscode.commands.executeCommand(command) };
}

function separator(label: string): Entry {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function language(): string | undefined {
  return pausedLanguage(servedEditor());
}

function shown({ phase, failure, status }: Session) {
  return { phase, failure, status };
}

async function restartEngine(session: Session): Promise<void> {
  const client = await session.running();
  if (!client) {
    return;
  }
  try {
    await client.sendRequest('workspace/executeCommand', { command: 'glm.restartEngine', arguments: [] });
  } catch (error) {
    void vscode.window.showErrorMessage(`GLM: ${error instanceof Error ? error.message : String(error)}`);
  }
}
