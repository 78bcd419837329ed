import * as vscode from 'vscode';

const SECTION = 'glm';
const OWN = new Set(['serverPath']);
/** Of the settings that are written here: what a folder without trust says of them does not count. */
const NEEDS_TRUST = new Set(['serverPath', 'model']);

/** Whose settings. */
export type Place = 'user' | 'workspace';

/** The server's settings; null where nobody chose a value, so that its config file and environment count. */
export function chosenSettings(context: vscode.ExtensionContext): Record<string, unknown> {
  const properties: Record<string, unknown> =
    context.extension.packageJSON.contributes.configuration.properties;
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const names = Object.keys(properties).map((name) => name.slice(SECTION.length + 1));
  return Object.fromEntries(
    names.filter((name) => !OWN.has(name)).map((name) => [name, isChosen(configuration, name) ? configuration.get(name) : null]),
  );
}

/** Whether somebody chose a value in the editor. */
export function isSet(name: string): boolean {
  return isChosen(vscode.workspace.getConfiguration(SECTION), name);
}

function isChosen(configuration: vscode.WorkspaceConfiguration, name: string): boolean {
  const places = configuration.inspect(name);
  return [places?.globalValue, places?.workspaceValue, places?.workspaceFolderValue].some(
    (value) => value !== undefined,
  );
}

/** The chosen settings as variables of the environment, for programs that are run beside the server. */
export function settingsEnviron(context: vscode.ExtensionContext): Record<string, string> {
  const chosen = Object.entries(chosenSettings(context)).filter(([, value]) => value != null);
  return Object.fromEntries(chosen.map(([name, value]) => [variable(name), String(value)]));
}

/** Writes a setting where it stands, else in the user's. Returns where that was; undefined after telling of a failure. */
export async function setSetting(
  name: string,
  value: unknown,
  place: Place = standsInWorkspace(name) ? 'workspace' : 'user',
): Promise<Place | undefined> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  try {
    await configuration.update(
      name,
      value,
      place === 'workspace' ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
    );
    return place;
  } catch (error) {
    void vscode.window.showErrorMessage(
      `GLM: the setting ${SECTION}.${name} could not be written: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

function standsInWorkspace(name: string): boolean {
  const counts = vscode.workspace.isTrusted || !NEEDS_TRUST.has(name);
  return counts && vscode.workspace.getConfiguration(SECTION).inspect(name)?.workspaceValue !== undefined;
}

function variable(name: string): string {
  return `GLM_LSP_${name.replaceAll(/(?=[A-Z])/g, '_').toUpperCase()}`;
}
