/** Pairs of places that are looked at before giving up; two patterns of ordinary length need a few hundred. */
const MAX_STATES = 5_000;

/** Stands for whatever a star may stand for. */
const FILLER = 'x';

interface State {
  readonly i: number;
  readonly j: number;
  readonly text: string;
}

/**
 * A text that both globs match and that has no two separators in a row and none at either end, as the parts of image names;
 * `undefined` where there is none, or none was found within the limit.
 */
export function commonText(a: string, b: string): string | undefined {
  const seen = new Set<string>();
  const queue: State[] = [{ i: 0, j: 0, text: '' }];
  for (const state of queue) {
    if (seen.size > MAX_STATES) return undefined;
    const key = `${state.i} ${state.j} ${lastOf(state.text)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (state.i === a.length && state.j === b.length && !isSeparator(lastOf(state.text))) return state.text;
    queue.push(...next(state, a[state.i], b[state.j]));
  }
  return undefined;
}

/** Everything that may come next: a star ends, or one character is taken on both sides. */
function next({ i, j, text }: State, a: string | undefined, b: string | undefined): readonly State[] {
  const states: State[] = [];
  if (a === '*') states.push({ i: i + 1, j, text });
  if (b === '*') states.push({ i, j: j + 1, text });
  if (a === undefined || b === undefined || (a !== '*' && b !== '*' && a !== b)) return states;
  const character = a !== '*' ? a : b !== '*' ? b : FILLER;
  if (mayFollow(character, lastOf(text))) {
    states.push({ i: a === '*' ? i : i + 1, j: b === '*' ? j : j + 1, text: text + character });
  }
  return states;
}

/** The start of a text counts as a separator: a part neither is empty nor starts with one. */
function lastOf(text: string): string {
  const last = text.at(-1) ?? '/';
  return isSeparator(last) ? last : '';
}

function isSeparator(character: string): boolean {
  return character !== '' && './_-:@'.includes(character);
}

function mayFollow(character: string, last: string): boolean {
  return !isSeparator(character) || last === '' || (character === last && '-_'.includes(character));
}
