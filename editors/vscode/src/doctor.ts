import * as vscode from 'vscode';

import { runProgram } from './program_run';
import type { Reports } from './reports';
import type { Session } from './session';

/** Runs `glm-lsp doctor` with the editor's settings, and shows what it says. */
export function registerDoctor(
  context: vscode.ExtensionContext,
  session: Session,
  reports: Reports,
): vscode.Disposable {
  return vscode.commands.registerCommand('glm-lsp.doctor', async () => {
    const ended = await runProgram(context, session, 'the doctor looks', ['doctor']);
    if (ended) {
      const words = [ended.stdout.trim(), ended.stderr.trim()].filter(Boolean).join('\n\n');
      await reports.show('GLM doctor', `${session.program} doctor\n\n${words || `ended with status ${ended.status}`}\n`);
    }
  });
}
