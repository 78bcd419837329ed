const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_-])?$/;

/** What is wrong with a model's name, in words for a person; undefined if nothing is. */
export function faultOfModelName(text: string): string | undefined {
  return NAME.test(text.trim()) ? undefined : 'Letters, digits and - _ . between them; it begins with a letter or a digit';
}

/** A name that can be used, as like a folder's as can be. */
export function nameLike(folder: string): string {
  return folder
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 128)
    .replace(/[^A-Za-z0-9_]+$/, '');
}
