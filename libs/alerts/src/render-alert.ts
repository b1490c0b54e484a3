import type { ReceiverConfig } from '#config';

import type { AlertVariables } from './alert-variables.js';
import type { CompiledTemplate } from './compile-template.js';
import { AlertRenderError } from './error.js';
import { evaluateTemplate } from './evaluate-template.js';
import { isJsonObject, type JsonObject, type JsonValue, mapStrings } from './json-value.js';
import { limitFields } from './limit-fields.js';
import { markupAt, type Profile } from './profile.js';
import { leafFilter, textFilter } from './text-filter.js';

/** `empty`: the template says nothing, so nothing is sent and nobody is told that it failed. */
export type RenderedAlert = { readonly kind: 'payload'; readonly body: string } | { readonly kind: 'empty' };

/** Upper bounds for all strings, tried in turn until the body fits. */
const CAPS = [Infinity, 2000, 1000, 500, 250, 100, 40];

/**
 * The body for one receiver: always a JSON object within the receiver's limits, and no value in it can end a string,
 * add a key or mean more than itself. Throws AlertRenderError where the template leaves no room for that.
 */
export function renderAlert(
  template: CompiledTemplate,
  variables: AlertVariables,
  profile: Profile,
  payloadFields: ReceiverConfig['payloadFields'],
): RenderedAlert {
  if (template.kind === 'empty') return { kind: 'empty' };
  const rendered =
    template.kind === 'tree'
      ? renderTree(template, variables, profile)
      : renderText(template, variables, profile);
  if (Object.keys(rendered).length === 0) return { kind: 'empty' };
  for (const cap of CAPS) {
    // Upstream's merge: whole top-level members, not deep; the administrator's values are not cut.
    const body = JSON.stringify({ ...asObject(limitFields(rendered, profile, cap)), ...payloadFields });
    if (Buffer.byteLength(body) <= profile.maxBodyBytes) return { kind: 'payload', body };
  }
  throw new AlertRenderError(
    'TOO_LARGE',
    `expected at most ${profile.maxBodyBytes} bytes for ${profile.name}; shorten the template`,
  );
}

function renderTree(
  { root, leaves }: Extract<CompiledTemplate, { kind: 'tree' }>,
  variables: AlertVariables,
  profile: Profile,
): JsonObject {
  return asObject(
    mapStrings(root, (text, position) => {
      const nodes = leaves.get(text);
      return nodes === undefined
        ? text
        : evaluateTemplate(nodes, variables, leafFilter(markupAt(profile, position)));
    }),
  );
}

/** Where a value stands is not known before the text is JSON, so every value is written for the strictest place. */
function renderText(
  { nodes }: Extract<CompiledTemplate, { kind: 'text' }>,
  variables: AlertVariables,
  profile: Profile,
): JsonObject {
  const text = evaluateTemplate(nodes, variables, textFilter(profile.markup));
  return asObject(parseRendered(text));
}

/** JSON.parse gives any; JsonValue is exactly what it can give. */
function parseRendered(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new AlertRenderError(
      'NOT_AN_OBJECT',
      'expected the rendered template to be JSON; run connaisseur lint',
      { cause: error },
    );
  }
}

function asObject(value: JsonValue): JsonObject {
  if (isJsonObject(value)) return value;
  throw new AlertRenderError('NOT_AN_OBJECT', 'expected the rendered template to be a JSON object');
}
