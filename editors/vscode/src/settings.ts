import * as vscode from 'vscode';

const SECTION = 'glm';
const OWN = new Set(['serverPath']);

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

function isChosen(configuration: vscode.WorkspaceConfiguration, name: string): boolean {
  const places = configuration.inspect(name);
  return [places?.globalValue, places?.workspaceValue, places?.workspaceFolderValue].some(
    (value) => value !== undefined,
  );
}
