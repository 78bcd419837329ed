import * as vscode from 'vscode';

import { runProgram } from './program_run';
import type { Session } from './session';
import { isSet, setSetting } from './settings';

/**
 * What a setting has that nobody set in the editor: by the server's config file and environment, or its default.
 *
 * Undefined, after telling so, where the program does not say.
 */
export async function valueUnderneath<T>(
  context: vscode.ExtensionContext,
  session: Session,
  name: string,
  otherwise: T,
): Promise<T | undefined> {
  if (session.program === undefined) {
    return otherwise;
  }
  const where = vscode.ProgressLocation.Window;
  const ended = await runProgram(context, session, 'reading settings', ['config', 'show', '--json'], where);
  try {
    const { settings } = JSON.parse(ended?.stdout ?? '') as { settings: { name: string; value: unknown }[] };
    return (settings.find((each) => each.name === name)?.value as T | undefined) ?? otherwise;
  } catch {
    void vscode.window.showErrorMessage(`GLM: ${session.program} does not say what is set in its config file.`);
    return undefined;
  }
}

/** Brings a setting to a value by taking back the editor's, where that is enough: it would hide later changes underneath. */
export async function takeBackTo<T>(
  context: vscode.ExtensionContext,
  session: Session,
  name: string,
  wanted: T,
  otherwise: T,
): Promise<void> {
  const place = await setSetting(name, undefined);
  if (!place) {
    return;
  }
  // The workspace's may have hidden the user's.
  const underneath = isSet(name)
    ? vscode.workspace.getConfiguration('glm').get<T>(name)
    : await valueUnderneath(context, session, name, otherwise);
  if (JSON.stringify(underneath) !== JSON.stringify(wanted)) {
    await setSetting(name, wanted, place);
  }
}
