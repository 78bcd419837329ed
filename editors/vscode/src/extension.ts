import * as vscode from 'vscode';

import { registerBenchmark } from './benchmark';
import { registerDocstringCommands } from './docstring';
import { registerDoctor } from './doctor';
import { registerImport } from './importing';
import { offerInstallation, registerInstallation, useInstalled } from './installation';
import { onInterpreterChange } from './interpreter_change';
import { registerMenu } from './menu';
import { registerModelChoice } from './models';
import { registerPausing } from './pausing';
import { endAll } from './process_tree';
import { offerRemedy } from './remedy';
import { Reports } from './reports';
import { Session } from './session';
import { chosenSettings } from './settings';
import { showStatus } from './status_bar';
import { followSteps, showWalkthroughOnce } from './walkthrough';
import { registerWhy } from './why';

let session: Session | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const started: Session = new Session(context, async (reason, isMissing) => {
    if (!isMissing) {
      await offerRemedy(started, reason);
    } else if (await offerInstallation(context, reason)) {
      await useInstalled(context, started);
    }
  });
  const reports = new Reports();
  session = started;
  context.subscriptions.push(
    started,
    reports,
    ...showStatus(started),
    ...followSettings(context, started),
    ...registerDocstringCommands(started),
    ...registerPausing(context, started),
    ...registerMenu(started),
    ...registerBenchmark(context, started),
    ...registerInstallation(context, started),
    followSteps(started),
    registerModelChoice(context, started),
    registerImport(context, started),
    registerDoctor(context, started, reports),
    registerWhy(started, reports),
  );
  showWalkthroughOnce(context);
  // Nobody waits for a server that takes its time.
  void started.start();
}

export async function deactivate(): Promise<void> {
  endAll();
  await session?.stop();
}

/** The server is told of what changes; another program takes its place. */
function followSettings(context: vscode.ExtensionContext, session: Session): vscode.Disposable[] {
  return [
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('glm') && session.client?.isRunning()) {
        void session.client.sendNotification('workspace/didChangeConfiguration', {
          settings: { glm: chosenSettings(context) },
        });
      }
      if (change.affectsConfiguration('glm.serverPath')) {
        void session.refresh();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (session.client?.isRunning()) {
        void session.client.sendNotification('glm/didChangeTrust', { trusted: true });
      }
      void session.refresh();
    }),
    onInterpreterChange(() => void session.reconsider()),
  ];
}
