/**
 * A text in which `*` stands for any run of characters, the empty one too. Matches whole texts and never goes back: the
 * first place where a piece fits is as good as any later one, so one pass from left to right is enough.
 */
export class Glob {
  /** Without repeated stars. */
  readonly text: string;
  /** What comes before the first star; all of it where there is none. */
  readonly head: string;
  readonly #tail: string | undefined;
  readonly #middle: readonly string[];

  constructor(text: string) {
    this.text = text.replaceAll(/\*+/g, '*');
    const pieces = this.text.split('*');
    this.head = pieces[0] ?? '';
    this.#tail = pieces.length > 1 ? pieces.at(-1) : undefined;
    this.#middle = pieces.slice(1, -1);
  }

  get isLiteral(): boolean {
    return this.#tail === undefined;
  }

  matches(text: string): boolean {
    if (this.#tail === undefined) return text === this.head;
    const end = text.length - this.#tail.length;
    if (end < this.head.length || !text.startsWith(this.head) || !text.endsWith(this.#tail)) return false;
    let position = this.head.length;
    for (const piece of this.#middle) {
      const found = text.indexOf(piece, position);
      if (found === -1 || found + piece.length > end) return false;
      position = found + piece.length;
    }
    return true;
  }

  /** True if everything that `other` matches is matched. A star of `other` can only be taken by a star of ours. */
  covers(other: Glob): boolean {
    return this.matches(other.text);
  }
}
