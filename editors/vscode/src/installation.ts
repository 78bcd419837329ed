import { execFile } from 'node:child_process';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { InstallationError, makeEnvironment, ownEnvironment, removeEnvironments, tidy } from './environment';
import { type Ask, findInterpreter } from './interpreter';
import { inEnvironment, NAME } from './program';
import { CHOOSE, chooseProgram } from './program_choice';
import { chosenPath, pythonInterpreter, serverFolder, serverProgram, thisMachine } from './server';
import type { Session } from './session';
import { setSetting } from './settings';
import { requirementOf } from './source';

const DECLINED = 'glm.isInstallationDeclined';
const PATIENCE_MS = 30_000;
const INSTALL = 'Install…';
const NOT_NOW = 'Not Now';
/** Measured on Linux with Python 3.11: what pip downloads for a checkout, and the environment's size. */
const SIZES = 'pip downloads some 75 MB for it from the package index it is set up for; installed it takes 340 MB';

/** The commands that install the server, and remove it; what earlier ones have left is cleared away. */
export function registerInstallation(context: vscode.ExtensionContext, session: Session): vscode.Disposable[] {
  void tidy(session.storage).catch((error: unknown) => session.log.warn(String(error)));
  return [
    vscode.commands.registerCommand('glm-lsp.install', async () => {
      if ((await isWanted(context)) && (await install(context))) {
        await useInstalled(context, session);
      }
    }),
    vscode.commands.registerCommand('glm-lsp.uninstall', () => uninstall(context, session)),
  ];
}

/** Whether to install what would not be used here. */
async function isWanted(context: vscode.ExtensionContext): Promise<boolean> {
  const choice = await serverProgram(context).catch(() => undefined);
  const found = choice && 'program' in choice ? choice : undefined;
  if (!chosenPath() && !found?.isOfFolder) {
    return true;
  }
  const go = 'Install Nevertheless';
  const message = `GLM: what is installed would not be used here: ${chosenPath() || found?.program} comes first, as ${reasonFirst()}.`;
  return (await vscode.window.showWarningMessage(message, go)) === go;
}

function reasonFirst(): string {
  return chosenPath() ? 'the setting glm.serverPath names it' : 'it belongs to this folder';
}

/** Starts what was installed, or says what is used in its place. */
export async function useInstalled(context: vscode.ExtensionContext, session: Session): Promise<void> {
  const environment = await ownEnvironment(session.storage);
  const installed = environment && inEnvironment(environment, NAME, thisMachine());
  if (installed && isInside(chosenPath(), session.storage)) {
    // That was the one before; the session hears of the change.
    await setSetting('serverPath', installed);
    return;
  }
  const choice = await serverProgram(context);
  if (!installed || !('program' in choice) || choice.program === installed) {
    await session.restart();
    if (session.phase === 'running') {
      void vscode.window.showInformationMessage('GLM: glm-lsp was installed.');
    }
    return;
  }
  const use = 'Use the Installed One';
  const message = `GLM: glm-lsp was installed, but ${choice.program} is used: ${reasonFirst()}.`;
  if ((await vscode.window.showWarningMessage(message, use)) === use) {
    await setSetting('serverPath', chosenPath() ? undefined : installed);
  }
}

/**
 * Offers to install the server; never again after somebody did not want it, before they use the command.
 *
 * @returns whether it was installed
 */
export async function offerInstallation(context: vscode.ExtensionContext, reason: string): Promise<boolean> {
  if (context.globalState.get<boolean>(DECLINED)) {
    return false;
  }
  const message = `GLM needs the program glm-lsp: ${reason}. ${SIZES}.`;
  const answer = await vscode.window.showInformationMessage(message, INSTALL, CHOOSE, NOT_NOW);
  if (answer === INSTALL) {
    return install(context);
  }
  if (answer === CHOOSE) {
    await chooseProgram();
  } else if (answer === NOT_NOW) {
    await context.globalState.update(DECLINED, true);
  }
  return false;
}

/** Installs the server into an environment of the extension's own. Returns whether it was installed. */
export async function install(context: vscode.ExtensionContext): Promise<boolean> {
  await context.globalState.update(DECLINED, undefined);
  const requirement = await chooseSource();
  if (requirement === undefined) {
    return false;
  }
  const cancelling = new AbortController();
  try {
    return await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, cancellable: true, title: 'GLM: installing glm-lsp' },
      async (progress, cancelled) => {
        cancelled.onCancellationRequested(() => cancelling.abort());
        const folder = vscode.workspace.isTrusted ? vscode.workspace.workspaceFolders?.[0]?.uri : undefined;
        const chosen = folder && (await pythonInterpreter(folder));
        const interpreter = await findInterpreter(chosen, thisMachine(), asker(await serverFolder(context)));
        if ('reason' in interpreter) {
          throw new InstallationError(interpreter.reason, []);
        }
        const version = (context.extension.packageJSON as { version: string }).version;
        await makeEnvironment(
          context.globalStorageUri.fsPath,
          { requirement, interpreter, version },
          { report: (line) => progress.report({ message: shortened(line) }), signal: cancelling.signal },
        );
        return true;
      },
    );
  } catch (error) {
    if (!cancelling.signal.aborted) {
      await tellOfFailure(error);
    }
    return false;
  }
}

async function uninstall(context: vscode.ExtensionContext, session: Session): Promise<void> {
  // Windows removes nothing that runs.
  await session.stop();
  if (isInside(chosenPath(), session.storage)) {
    await setSetting('serverPath', undefined);
  }
  // Who removes it does not want to be asked whether to install it.
  await context.globalState.update(DECLINED, true);
  try {
    const hadOne = await removeEnvironments(session.storage);
    void vscode.window.showInformationMessage(
      hadOne ? 'GLM: the installed server was removed.' : 'GLM: there is no server that this extension has installed.',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`GLM: the installed server could not be removed: ${reason}.`);
  }
  await session.restart();
}

function isInside(file: string, folder: string): boolean {
  return file.startsWith(folder + path.sep);
}

/** What to install, as pip takes it. */
async function chooseSource(): Promise<string | undefined> {
  const folder = { label: 'A checkout of glm-lsp…', detail: 'the folder that "git clone" made', isFolder: true };
  const wheel = { label: 'A wheel of glm-lsp…', detail: 'the file glm_lsp-*.whl that "make wheel" made', isFolder: false };
  // Nobody has published glm-lsp in a package index: whoever did would be asked for it by its bare name.
  const picked = await vscode.window.showQuickPick([folder, wheel], {
    title: 'GLM: install glm-lsp',
    placeHolder: `From where? glm-lsp itself is in no package index yet; ${SIZES}`,
  });
  if (!picked) {
    return undefined;
  }
  const chosen = await vscode.window.showOpenDialog({
    title: picked.isFolder ? 'GLM: the folder of your checkout of glm-lsp' : 'GLM: a wheel of glm-lsp',
    openLabel: 'Install',
    canSelectFiles: !picked.isFolder,
    canSelectFolders: picked.isFolder,
    ...(picked.isFolder ? {} : { filters: { Wheels: ['whl'] } }),
  });
  const file = chosen?.[0]?.fsPath;
  if (file === undefined) {
    return undefined;
  }
  const requirement = await requirementOf(file);
  if ('reason' in requirement) {
    void vscode.window.showErrorMessage(`GLM: ${requirement.reason}.`);
    return undefined;
  }
  return requirement.requirement;
}

async function tellOfFailure(error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const lines = error instanceof InstallationError ? error.lines : [];
  const showOutput = 'Show Output';
  const text = `GLM: glm-lsp was not installed: ${message}. ${shortened(lines.at(-1) ?? '')}`.trim();
  const answer = await vscode.window.showErrorMessage(text, ...(lines.length ? [showOutput] : []));
  if (answer === showOutput) {
    const document = await vscode.workspace.openTextDocument({ content: `${lines.join('\n')}\n`, language: 'log' });
    await vscode.window.showTextDocument(document);
  }
}

function asker(cwd: string): Ask {
  return (program, parameters) =>
    new Promise((resolve) => {
      execFile(program, [...parameters], { cwd, timeout: PATIENCE_MS, windowsHide: true }, (error, stdout) =>
        resolve(error ? undefined : stdout),
      ).stdin?.end();
    });
}

function shortened(line: string): string {
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
