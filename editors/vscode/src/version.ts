/** The oldest server that this extension works with. */
export const OLDEST_SERVER = '0.1.0';

/** Whether a server of this version is too old; one whose version is no number is somebody's own, and is not. */
export function isTooOld(version: string, oldest = OLDEST_SERVER): boolean {
  const [own, least] = [numbers(version), numbers(oldest)];
  if (!own || !least) {
    return false;
  }
  const differing = least.findIndex((number, i) => number !== (own[i] ?? 0));
  return differing >= 0 && (own[differing] ?? 0) < (least[differing] ?? 0);
}

function numbers(version: string): number[] | undefined {
  return /^\d+(\.\d+)*/.exec(version)?.[0].split('.').map(Number);
}
