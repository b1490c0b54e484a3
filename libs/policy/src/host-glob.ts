import { Glob } from './glob.js';

const PUNYCODE_LABEL = /(?:^|\.)xn--/g;

/** A host in which `*` stands for one or more whole labels, but never for one in punycode: such hosts are named in full. */
export class HostGlob extends Glob {
  readonly #punycode: number;

  constructor(text: string) {
    super(text);
    this.#punycode = punycodeLabels(text);
  }

  override matches(host: string): boolean {
    return super.matches(host) && punycodeLabels(host) === this.#punycode;
  }
}

function punycodeLabels(host: string): number {
  return host.includes('xn--') ? [...host.matchAll(PUNYCODE_LABEL)].length : 0;
}
