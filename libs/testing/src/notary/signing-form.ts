/** What notary signs of a JSON value, written independently of the validator's form: sorted by UTF-8 bytes, spaceless. */
export function signingForm(value: unknown): string {
  if (typeof value === 'string') {
    let text = '';
    for (const character of value)
      text += character === '"' || character === '\\' ? `\\${character}` : character;
    return `"${text}"`;
  }
  if (Array.isArray(value)) return `[${value.map(signingForm).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, each]) => [Buffer.from(key).toString('hex'), key, each] as const,
    );
    members.sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${members.map(([, key, each]) => `${signingForm(key)}:${signingForm(each)}`).join(',')}}`;
  }
  return String(value);
}
