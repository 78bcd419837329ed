import { type ChildProcess, spawn } from 'node:child_process';
import * as path from 'node:path';

const IS_WINDOWS = process.platform === 'win32';

/** For `spawn`: a process that leads a group of its own, so that all it starts can be ended with it. */
export const LEADS_A_GROUP = { detached: !IS_WINDOWS, windowsHide: true };

const running = new Set<ChildProcess>();

/** Remembers a process that leads a group, so that it ends with the window. */
export function follow<T extends ChildProcess>(child: T): T {
  running.add(child);
  return child.once('close', () => running.delete(child));
}

/** Ends all that were followed. */
export function endAll(): void {
  running.forEach(endTree);
}

/** Asks such a process, and all it has started, to stop, as Ctrl+C does; Windows has no way but to end them. */
export function interruptTree(child: ChildProcess): void {
  signalTree(child, 'SIGINT');
}

/** Ends such a process, and all it has started. */
export function endTree(child: ChildProcess): void {
  signalTree(child, 'SIGKILL');
}

function signalTree({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return;
  }
  if (IS_WINDOWS) {
    const killer = path.win32.join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'taskkill.exe');
    spawn(killer, ['/T', '/F', '/PID', String(pid)], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
