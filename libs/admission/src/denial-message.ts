import type { Denial, Problem } from './decision.js';
import { plainReference, plainText } from './plain-text.js';

/** Event notes are cut at 1 KiB, and the API server puts its own words before ours. */
export const MAX_MESSAGE = 1000;
/** A ReplicaSet's `FailedCreate` event and an alert's title show no more. */
export const MAX_HEADLINE = 200;
const MAX_DETAIL = 160;
const MAX_PLACE = 80;

/** The first line of the answer, complete by itself, at most 200 characters: the worst problem and how many there are. */
export function headline(denial: Denial): string {
  const [worst] = denial.problems;
  const suffix = countOf(denial);
  if (denial.result === 'timeout') return timeoutLine(denial);
  return `${sentence(worst, MAX_HEADLINE - suffix.length)}${suffix}`;
}

/** `CNS-1003 ghcr.io/acme/api:1.4.2 has no signature`, at most `max` characters; the image gives way, not the words. */
export function sentence({ code, subject, title }: Problem, max: number): string {
  const words = plainText(title, 120);
  return `${code} ${plainReference(subject, Math.max(16, max - code.length - words.length - 2))} ${words}`;
}

/**
 * What the person who was denied reads: all problems, then as many details as fit. At most 1000 printable ASCII
 * characters and line breaks; fixed words, the object's own names and what we computed.
 */
export function denialMessage(denial: Denial): string {
  const first = headline(denial);
  const budget = MAX_MESSAGE - first.length - denial.request.uid.length - 32;
  const shown: { readonly line: string; details: string[] }[] = [];
  let left = budget;
  for (const problem of denial.problems) {
    const line = problemLine(problem);
    if (line.length + 1 > left) break;
    left -= line.length + 1;
    shown.push({ line, details: [] });
  }
  for (const [index, entry] of shown.entries()) {
    for (const detail of detailsOf(denial.problems[index])) {
      if (detail.length + 1 > left) continue;
      left -= detail.length + 1;
      entry.details.push(detail);
    }
  }
  const more = denial.problems.length - shown.length;
  return [
    first,
    '',
    ...shown.flatMap(({ line, details }) => [line, ...details]),
    ...(more > 0 ? [`  and ${more} more`] : []),
    `  id ${denial.request.uid}`,
  ].join('\n');
}

function problemLine({ code, subject, places }: Problem): string {
  const [place = '', ...others] = places;
  const where = plainText(place, MAX_PLACE) + (others.length > 0 ? ` and ${others.length} more` : '');
  return `  DENY  ${code}  ${where}${where === '' ? '' : '  '}${plainReference(subject, 160)}`;
}

function detailsOf(problem: Problem | undefined): readonly string[] {
  if (problem === undefined) return [];
  const { rule, validator, found, expected, next } = problem;
  return [
    detail('rule', rule === undefined ? undefined : `policy[${rule.index}] ${rule.pattern}`),
    detail('validator', validator === undefined ? undefined : `${validator.name} (${validator.type})`),
    detail('found', found),
    detail('expected', expected),
    detail('next', next),
  ].filter((line) => line !== undefined);
}

function detail(label: string, text: string | undefined): string | undefined {
  return text === undefined || text === ''
    ? undefined
    : `        ${label.padEnd(10)}${plainText(text, MAX_DETAIL)}`;
}

/** Nothing for a single image; else `(1 of 3 images refused, 1 not checked)`. A site without image counts as one. */
function countOf({ sites, problems }: Denial): string {
  const faulty = sites.kind === 'found' ? sites.sites.filter(({ fault }) => fault !== undefined).length : 0;
  const total = sites.kind === 'found' ? sites.images.length + faulty : 0;
  if (total < 2) return '';
  const refused = problems.filter(({ outcome }) => outcome === 'refused').length;
  const undecided = problems.length - refused;
  if (refused === 0) return ` (${undecided} of ${total} images not checked)`;
  return ` (${refused} of ${total} images refused${undecided === 0 ? '' : `, ${undecided} not checked`})`;
}

/** Connaisseur's words, after the code. */
function timeoutLine({ request, sites, problems }: Denial): string {
  const total = sites.kind === 'found' ? sites.images.length : 0;
  const late = problems.filter(({ code }) => code === 'CNS-2006').length;
  const uid = plainReference(request.uid, 64);
  return `CNS-2006 validation of admission request ${uid} timed out after validating ${total - late}/${total} images`;
}
