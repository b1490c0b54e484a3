import type { OutputFilter } from './evaluate-template.js';
import { type Markup, MARKUPS } from './markup.js';
import type { TemplateValue } from './template-function.js';

/** For a template that becomes JSON when it is rendered: a value is made harmless, then written as JSON (A01, A02). */
export function textFilter(markup: Markup): OutputFilter {
  const { neutralise } = MARKUPS[markup];
  return {
    text: (value) => JSON.stringify(neutralise(value)).slice(1, -1),
    value: (value) => JSON.stringify(neutraliseValue(value, neutralise)),
  };
}

/** For one string of a template that is JSON already: it is written as JSON later, with everything around it. */
export function leafFilter(markup: Markup): OutputFilter {
  const { neutralise } = MARKUPS[markup];
  return { text: neutralise, value: (value) => neutralise(JSON.stringify(value)) };
}

function neutraliseValue(value: TemplateValue, neutralise: (text: string) => string): TemplateValue {
  if (typeof value === 'string') return neutralise(value);
  return typeof value === 'object' ? value.map(neutralise) : value;
}
