import type { ChildProcess } from 'node:child_process';

const MOST_CHARACTERS = 300;

/** How a process will have ended, in words for a person: its status or signal, and the last line it wrote to stderr. */
export function ending(child: ChildProcess): Promise<string> {
  let last = '';
  let unfinished = '';
  child.stderr?.on('data', (data: Buffer | string) => {
    const lines = `${unfinished}${data.toString()}`.split(/\r?\n/);
    unfinished = (lines.pop() ?? '').slice(-MOST_CHARACTERS);
    last = lines.findLast((line) => line.trim()) ?? last;
  });
  return new Promise((resolve) => {
    // Not "exit": that comes before the last of what was written.
    child.once('close', (status, signal) => {
      const words = signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`;
      const line = (unfinished.trim() ? unfinished : last).trim().slice(0, MOST_CHARACTERS);
      resolve(line ? `${words}: ${line}` : words);
    });
  });
}
