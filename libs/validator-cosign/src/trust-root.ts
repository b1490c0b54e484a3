import { parsePublicKey, type PublicKey, TrustError } from '#trust';
import { ValidatorSetupError } from '#validator';

/** A trust root as the configuration has it. */
export interface TrustRootConfig {
  readonly name: string;
  readonly material:
    | { readonly kind: 'key'; readonly pem: string }
    | { readonly kind: 'unbuilt'; readonly what: 'keyless' | 'kms' | 'cert' };
}

/** Somebody whose signatures count: a name and one key. */
export interface TrustRoot {
  readonly name: string;
  readonly key: PublicKey;
}

/**
 * A validator's trust roots by name, keys parsed once; those of kinds that this version cannot apply keep their place
 * and refuse to be used.
 */
export class TrustRoots {
  readonly #validator: string;
  readonly #roots: ReadonlyMap<string, TrustRoot | { readonly name: string; readonly unbuilt: string }>;

  /** Throws {@link ValidatorSetupError} for a key that is none, and for a name that stands twice. */
  constructor(validator: string, roots: readonly TrustRootConfig[]) {
    this.#validator = validator;
    this.#roots = new Map(roots.map((root) => [root.name, parseTrustRoot(root)]));
    if (this.#roots.size !== roots.length) throw this.#error('has two trust roots of the same name');
  }

  get names(): readonly string[] {
    return [...this.#roots.keys()];
  }

  /** The roots of these names, each a different key; throws {@link ValidatorSetupError}. */
  select(names: readonly string[]): readonly TrustRoot[] {
    const roots = names.map((name) => this.#get(name));
    const keys = new Map<string, string>();
    for (const { name, key } of roots) {
      const other = keys.get(key.fingerprint);
      // One signature would count for two people.
      if (other !== undefined)
        throw this.#error(`holds the same key under the trust roots "${other}" and "${name}"`);
      keys.set(key.fingerprint, name);
    }
    return roots;
  }

  #get(name: string): TrustRoot {
    const root = this.#roots.get(name);
    if (root === undefined) throw this.#error(`has no trust root "${name}"`);
    if ('unbuilt' in root)
      throw this.#error(`cannot use the trust root "${name}": ${root.unbuilt} is not built yet`);
    return root;
  }

  #error(text: string): ValidatorSetupError {
    return new ValidatorSetupError(`validator "${this.#validator}" ${text}`);
  }
}

function parseTrustRoot({
  name,
  material,
}: TrustRootConfig): TrustRoot | { readonly name: string; readonly unbuilt: string } {
  if (material.kind === 'unbuilt') return { name, unbuilt: material.what };
  try {
    return { name, key: parsePublicKey(material.pem) };
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new ValidatorSetupError(`trust root "${name}": ${cause.message}`, { cause });
  }
}
