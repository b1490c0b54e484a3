import { truncateText } from './truncate-text.js';

/** What an expression may be while a template runs. */
export type TemplateValue = string | number | boolean | readonly string[];

/** One function: what it takes and what it gives. `parameters` has as many values as `arity` allows. */
interface TemplateFunction {
  readonly arity: readonly [min: number, max: number];
  readonly usage: string;
  apply(parameters: readonly TemplateValue[]): TemplateValue;
}

/** Functions of a template: a closed table, so a template can call nothing else. */
export const TEMPLATE_FUNCTIONS = {
  json: { arity: [1, 1], usage: '{{json variable}}', apply: ([value]) => JSON.stringify(value ?? '') },
  truncate: {
    arity: [2, 2],
    usage: '{{truncate variable 100}}',
    apply: ([value, max]) => truncateText(toText(value), Math.max(1, Number(max) || 1)),
  },
  upper: { arity: [1, 1], usage: '{{upper variable}}', apply: ([value]) => toText(value).toUpperCase() },
  lower: { arity: [1, 1], usage: '{{lower variable}}', apply: ([value]) => toText(value).toLowerCase() },
  join: {
    arity: [1, 2],
    usage: "{{join list ', '}}",
    apply: ([list, separator]) => toList(list).join(separator === undefined ? ', ' : toText(separator)),
  },
  default: {
    arity: [2, 2],
    usage: "{{default variable 'none'}}",
    apply: ([value, fallback]) => (isTruthy(value) ? (value ?? '') : (fallback ?? '')),
  },
  date: {
    arity: [1, 2],
    usage: "{{date timestamp 'date'}} (iso, date, time or unix)",
    apply: ([value, format]) => formatDate(toText(value), toText(format ?? 'iso')),
  },
  eq: {
    arity: [2, 2],
    usage: "{{#if (eq code 'CNS-1003')}}",
    apply: ([left, right]) => toText(left) === toText(right),
  },
} as const satisfies Readonly<Record<string, TemplateFunction>>;

export type FunctionName = keyof typeof TEMPLATE_FUNCTIONS;

/** True for the name of a function; inherited names are none. */
export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(TEMPLATE_FUNCTIONS, name);
}

/** As Handlebars has it: empty text, zero, false and the empty list are false. */
export function isTruthy(value: TemplateValue | undefined): boolean {
  return typeof value === 'object' ? value.length > 0 : Boolean(value);
}

/** A list reads as its items with commas. */
export function toText(value: TemplateValue | undefined): string {
  return typeof value === 'object' ? value.join(', ') : String(value ?? '');
}

/** A single value is a list of one, an empty one a list of none. */
export function toList(value: TemplateValue | undefined): readonly string[] {
  if (typeof value === 'object') return value;
  return isTruthy(value) ? [toText(value)] : [];
}

function formatDate(timestamp: string, format: string): TemplateValue {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return timestamp;
  const iso = date.toISOString();
  const [day = '', time = ''] = iso.split('T');
  switch (format) {
    case 'date':
      return day;
    case 'time':
      return time.slice(0, 8);
    case 'unix':
      return Math.floor(date.getTime() / 1000);
    default:
      return iso;
  }
}
