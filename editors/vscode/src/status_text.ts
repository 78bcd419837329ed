import type { Phase } from './session';
import type { Status } from './status';

/** All that the display depends on. */
export interface Shown {
  phase: Phase;
  failure: string | undefined;
  status: Status | undefined;
  /** The language of the editor in front, where somebody wants nothing suggested in it. */
  pausedLanguage: string | undefined;
}

const FIGURE_SPACE = '\u2007';
const NAME_LENGTH = 20;

/** What the status bar shows: an icon, the model, and figures that keep their width. */
export function statusText(shown: Shown): string {
  const { status } = shown;
  const words = [status?.model ? shortened(status.model) : 'GLM'];
  if (status?.lastMs != null) {
    words.push(`${padded(status.lastMs, 4)} ms`);
  }
  if (status?.reuse != null) {
    words.push(`${padded(status.reuse * 100, 3)} %`);
  }
  return `$(${icon(shown)}) ${words.join(' ')}`;
}

/** Whether somebody has to do something. */
export function isWrong({ phase, status }: Shown): boolean {
  return phase === 'failed' || status?.state === 'error';
}

/** The state in words; the first line of what the pointer shows. */
export function stateText({ phase, failure, status, pausedLanguage }: Shown): string {
  if (phase === 'failed') {
    return `does not run: ${failure ?? 'for an unknown reason'}`;
  }
  if (phase === 'stopped') {
    return 'stopped';
  }
  if (phase === 'starting' || !status) {
    return 'the server is starting';
  }
  if (status.state === 'inactive') {
    return 'paused';
  }
  if (status.state === 'error') {
    return status.message || 'something is wrong';
  }
  if (pausedLanguage !== undefined) {
    return `paused for ${pausedLanguage}`;
  }
  return { starting: status.message || 'the model is loading', ready: 'ready', busy: 'at work' }[status.state];
}

/** The figures in words, one a line. */
export function figures({ status }: Shown): string[] {
  if (!status) {
    return [];
  }
  const lines: string[] = [];
  if (status.model) {
    lines.push(`Model: ${status.model}`);
  }
  if (status.lastMs != null) {
    lines.push(`Last answer: ${status.lastMs} ms`);
  }
  if (status.p50Ms != null && status.p95Ms != null) {
    lines.push(`Half of the answers within ${status.p50Ms} ms, 95 % within ${status.p95Ms} ms`);
  }
  if (status.reuse != null) {
    lines.push(`Prompt read already: ${percent(status.reuse)}`);
  }
  if (status.hitRate != null) {
    lines.push(`Answers known already: ${percent(status.hitRate)}`);
  }
  if (status.shown) {
    lines.push(`Accepted: ${status.accepted} of ${status.shown} shown, ${status.acceptedChars} characters`);
  }
  return lines;
}

function icon(shown: Shown): string {
  const { phase, status, pausedLanguage } = shown;
  if (isWrong(shown)) {
    return 'error';
  }
  if (phase === 'stopped' || status?.state === 'inactive') {
    return 'debug-pause';
  }
  if (phase === 'starting' || !status || status.state === 'starting') {
    return 'loading~spin';
  }
  if (pausedLanguage !== undefined) {
    return 'circle-slash';
  }
  return status.state === 'busy' ? 'ellipsis' : 'sparkle';
}

function padded(value: number, width: number): string {
  return Math.min(Math.round(value), 10 ** width - 1)
    .toString()
    .padStart(width, FIGURE_SPACE);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function shortened(name: string): string {
  // A name may not bring an icon along.
  const plain = name.replaceAll('$(', '$ (');
  return plain.length > NAME_LENGTH ? `${plain.slice(0, NAME_LENGTH - 1)}…` : plain;
}
