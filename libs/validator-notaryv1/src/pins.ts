import { parsePublicKey, type PublicKey, TrustError } from '#trust';
import { ValidatorSetupError } from '#validator';

/** A trust root as the configuration has it: the public half of a root key. */
export interface TrustRootConfig {
  readonly name: string;
  /** PEM. */
  readonly key: string;
}

/** A root key that a rule pins. */
export interface Pin {
  readonly name: string;
  readonly key: PublicKey;
}

/** A validator's trust roots by name, keys parsed once. */
export class Pins {
  readonly #validator: string;
  readonly #pins: ReadonlyMap<string, Pin>;

  /** Throws {@link ValidatorSetupError} for a key that is none, for no key at all, and for a name that stands twice. */
  constructor(validator: string, roots: readonly TrustRootConfig[]) {
    this.#validator = validator;
    this.#pins = new Map(roots.map((root) => [root.name, this.#parse(root)]));
    if (roots.length === 0) throw this.#error('has no trust roots');
    if (this.#pins.size !== roots.length) throw this.#error('has two trust roots of the same name');
  }

  /** One root key by name, or with `*` all of them: each must have signed. Throws {@link ValidatorSetupError}. */
  select(trustRoot: string): readonly [Pin, ...Pin[]] {
    const [first, ...rest] = trustRoot === '*' ? this.#pins.values() : [this.#pins.get(trustRoot)];
    if (first === undefined) throw this.#error(`has no trust root "${trustRoot}"`);
    return [first, ...rest.filter((pin) => pin !== undefined)];
  }

  #parse({ name, key }: TrustRootConfig): Pin {
    try {
      return { name, key: parsePublicKey(key) };
    } catch (cause) {
      if (!(cause instanceof TrustError)) throw cause;
      throw this.#error(`cannot use the trust root "${name}": ${cause.message}`, cause);
    }
  }

  #error(text: string, cause?: unknown): ValidatorSetupError {
    return new ValidatorSetupError(`validator "${this.#validator}" ${text}`, { cause });
  }
}
