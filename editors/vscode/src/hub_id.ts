const NAME = /^[A-Za-z0-9][\w.-]*$/;

/** What is wrong with the name of a model on the hub, in words for a person; undefined if nothing is. */
export function faultOfHubId(text: string): string | undefined {
  const names = text.trim().split('/');
  return names.length === 2 && names.every((name) => NAME.test(name) && !name.includes('..'))
    ? undefined
    : 'An organisation and a name, as in ORG/NAME';
}
