const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** What a schema expects, for people. */
export function nounFor(expected: string): string {
  return NOUNS[expected] ?? expected;
}

/** `expected a whole number, got text "30" - remove the quotes`. Shows a value only where none can be a secret. */
export function expectationOf(expected: string, got: unknown): string {
  const head = `expected ${nounFor(expected)}, got ${describe(got)}`;
  if (typeof got !== 'string') return head;
  switch (expected) {
    case 'boolean':
      return `${head} "${got.slice(0, 40)}" - write true or false, without quotes`;
    case 'number':
    case 'int':
      return `${head} "${got.slice(0, 40)}" - ${numberFix(got)}`;
    default:
      return head;
  }
}

function numberFix(got: string): string {
  return /^-?(?:0|[1-9]\d*)$/.test(got) ? 'remove the quotes' : 'write it in decimal digits, without quotes';
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? 'true or false' : 'text';
}
