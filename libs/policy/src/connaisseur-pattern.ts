import { connaisseurName } from '#image-ref';

import { Glob } from './glob.js';
import type { Dialect, Pattern } from './pattern.js';
import { assertPatternCharacters, assertPatternText } from './pattern-text.js';

/**
 * Patterns as in Connaisseur 3: matched against the whole name (Docker Hub is `index.docker.io` there), with a `*` implied
 * at both ends, and `*` stands for anything. So a pattern is found anywhere in a name.
 */
export const connaisseurDialect: Dialect = {
  parse(pattern) {
    assertPatternText(pattern);
    assertPatternCharacters(pattern);
    return [toPattern(foldHost(pattern))];
  },

  subject(image) {
    const name = connaisseurName(image);
    return { name, components: name.split('/'), keys: [''], parts: [name] };
  },

  compose: ([name = '']) => name,
};

function toPattern(text: string): Pattern {
  const components = text.split('/');
  return {
    text,
    components,
    // Found anywhere in the name, so no component is certain to stand where it is compared.
    certain: components.map(() => 0),
    key: '',
    parts: [new Glob(`*${text}*`)],
  };
}

/** Image names have lower-case hosts without `:443`; a host that is written otherwise in a pattern still means them. */
function foldHost(pattern: string): string {
  const slash = pattern.indexOf('/');
  const first = pattern.slice(0, Math.max(0, slash)).toLowerCase();
  if (first !== 'localhost' && !/[.:]/.test(first)) return pattern;
  return first.replace(/:443$/, '') + pattern.slice(slash);
}
