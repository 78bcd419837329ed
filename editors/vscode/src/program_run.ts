import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import * as vscode from 'vscode';

import { endTree, follow, interruptTree, LEADS_A_GROUP } from './process_tree';
import { serverFolder } from './server';
import type { Session } from './session';
import { settingsEnviron } from './settings';

/** How a run of the program ended; the status is null where a signal ended it. */
export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

const KILL_AFTER_MS = 5000;
const MOST_CHARACTERS = 4_000_000;

/**
 * Runs the program that is also the server, with the settings of the editor, and shows that it does.
 *
 * @param location a notification, where a person can cancel it; the status bar for what is done at once
 * @param onCancelled what to do when a person has cancelled it
 * @returns how it ended, or undefined if a person cancelled it or there is no program
 */
export async function runProgram(
  context: vscode.ExtensionContext,
  session: Session,
  title: string,
  parameters: readonly string[],
  location = vscode.ProgressLocation.Notification,
  onCancelled: () => void = () => {},
): Promise<Ended | undefined> {
  const program = programOf(session);
  if (program === undefined) {
    return undefined;
  }
  const folder = await serverFolder(context);
  try {
    const result = await vscode.window.withProgress(
      { location, cancellable: true, title: `GLM: ${title}` },
      (progress, cancelled) =>
        ended(program, parameters, folder, settingsEnviron(context), progress, cancelled),
    );
    if (!result) {
      onCancelled();
    }
    return result;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`GLM: ${program} could not be run (${reason}).`);
    return undefined;
  }
}

/** The program, or undefined after saying that there is none. */
export function programOf(session: Session): string | undefined {
  if (session.program === undefined) {
    void vscode.window.showErrorMessage(`GLM: ${session.failure ?? 'the server is still starting'}.`);
  }
  return session.program;
}

/** Tells of a run that went wrong, with its last words. */
export function tellOfFailure(what: string, { status, stderr }: Ended, log: vscode.LogOutputChannel): void {
  log.error(`${what} failed with status ${status}\n${stderr}`);
  const last = stderr.trim().split('\n').slice(-3).join(' ');
  void vscode.window.showErrorMessage(`GLM: ${what} failed. ${last}`);
}

function ended(
  program: string,
  parameters: readonly string[],
  cwd: string,
  settings: Record<string, string>,
  progress: vscode.Progress<{ message?: string }>,
  cancelled: vscode.CancellationToken,
): Promise<Ended | undefined> {
  return new Promise((resolve, reject) => {
    const child = follow(spawn(program, parameters, {
      cwd,
      env: { ...process.env, ...settings, PYTHONIOENCODING: 'utf-8', NO_COLOR: '1', COLUMNS: '100' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...LEADS_A_GROUP,
    }));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-MOST_CHARACTERS);
    });
    createInterface({ input: child.stderr.setEncoding('utf8') }).on('line', (line) => {
      stderr = `${stderr}${line}\n`.slice(-MOST_CHARACTERS);
      if (line.trim()) {
        progress.report({ message: line.trim().slice(0, 200) });
      }
    });
    let killer: NodeJS.Timeout | undefined;
    const listener = cancelled.onCancellationRequested(() => {
      interruptTree(child);
      killer = setTimeout(() => endTree(child), KILL_AFTER_MS);
    });
    const finish = () => {
      listener.dispose();
      clearTimeout(killer);
    };
    child.once('error', (error) => {
      finish();
      reject(error);
    });
    child.once('close', (status) => {
      finish();
      resolve(cancelled.isCancellationRequested ? undefined : { status, stdout, stderr });
    });
  });
}
