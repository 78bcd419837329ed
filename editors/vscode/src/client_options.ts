import * as vscode from 'vscode';
import type { LanguageClientOptions } from 'vscode-languageclient/node';

import { SELECTOR } from './documents';
import type { Retrying } from './retrying';
import { chosenSettings } from './settings';
import { tracedTo } from './tracing';

/** What a client tells its server, and what it lets others see and do on the way. */
export function clientOptions(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  retrying: Retrying,
): LanguageClientOptions {
  return {
    documentSelector: SELECTOR,
    outputChannel: log,
    traceOutputChannel: tracedTo(log),
    // Asked for anew when a server that has crashed is started again.
    initializationOptions: () => ({ ...chosenSettings(context), workspaceTrusted: vscode.workspace.isTrusted }),
    middleware: {
      ...retrying.middleware,
      workspace: {
        // What nobody chose is left to the server's other layers: VS Code's defaults would hide them.
        configuration: (params) => params.items.map(() => chosenSettings(context)),
      },
    },
  };
}
