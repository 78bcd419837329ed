import * as vscode from 'vscode';

import { runProgram, tellOfFailure } from './program_run';
import type { Session } from './session';
import { setSetting } from './settings';

/** A line of `glm-lsp model list --json`. */
export interface Model {
  name: string;
  path: string;
  state: 'installed' | 'unfinished' | 'running' | 'downloaded' | 'unfinished-download';
  built_in?: boolean;
  error: { message?: string } | null;
}

/** The command that lists the models and sets the chosen one. */
export function registerModelChoice(context: vscode.ExtensionContext, session: Session): vscode.Disposable {
  return vscode.commands.registerCommand('glm-lsp.chooseModel', async () => {
    const models = await listModels(context, session);
    if (!models) {
      return;
    }
    const importing = { label: '$(cloud-download) Import a model…', model: undefined };
    const usable = models.filter((each) => each.state === 'installed' && !each.error);
    const choices = usable.map((model) => ({
      label: model.name,
      description: [model.name === session.status?.model ? 'in use' : '', model.built_in ? 'built in' : '']
        .filter(Boolean)
        .join(', '),
      detail: model.path,
      model,
    }));
    const rest = models
      .filter((each) => !usable.includes(each))
      .map((model) => ({ label: model.name, description: state(model), detail: model.path, model: undefined }));
    const chosen = await vscode.window.showQuickPick([...choices, ...rest, importing], {
      title: 'GLM: model',
      placeHolder: 'The model that suggests',
      matchOnDetail: true,
    });
    if (chosen?.model) {
      await setSetting('model', chosen.model.name);
    } else if (chosen) {
      await vscode.commands.executeCommand('glm-lsp.importModel');
    }
  });
}

/** The models on this machine, or undefined after saying why they cannot be listed. */
export async function listModels(
  context: vscode.ExtensionContext,
  session: Session,
): Promise<Model[] | undefined> {
  const where = vscode.ProgressLocation.Window;
  const ended = await runProgram(context, session, 'listing models', ['model', 'list', '--json'], where);
  if (!ended) {
    return undefined;
  }
  try {
    return JSON.parse(ended.stdout) as Model[];
  } catch {
    tellOfFailure('listing models', ended, session.log);
    return undefined;
  }
}

function state(model: Model): string {
  if (model.error) {
    return 'cannot be used';
  }
  return {
    installed: '',
    unfinished: 'not finished: import it again to go on',
    running: 'being imported',
    downloaded: 'downloaded: import it',
    'unfinished-download': 'not finished: import it again to go on',
  }[model.state];
}
