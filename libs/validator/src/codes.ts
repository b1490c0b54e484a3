/**
 * The catalogue of codes: `CNS-1xxx` refused (the proof is missing or wrong), `CNS-2xxx` undecided (we could not look),
 * `CNS-3xxx` our own faults. Titles are what a developer reads first in a terminal; `next` is the step that helps.
 */
export const CODES = {
  'CNS-1001': {
    title: 'no policy rule matches',
    next: 'add a rule for this repository to application.policy',
  },
  'CNS-1002': { title: 'refused by a static rule', next: 'use an image that the policy allows' },
  'CNS-1003': { title: 'has no signature', next: 'sign the image' },
  'CNS-1004': {
    title: 'is signed, but not by a trusted key',
    next: 'sign it with a key that the rule trusts',
  },
  'CNS-1005': { title: 'has a signature for another digest', next: 'sign the digest that the tag has now' },
  'CNS-1006': {
    title: 'has no valid transparency-log or timestamp proof',
    next: 'sign again with the log switched on',
  },
  'CNS-1007': { title: 'has expired trust data', next: 'renew the expired certificate or metadata' },
  'CNS-1008': { title: 'has too few of the required signatures', next: 'let the missing signers sign' },
  'CNS-1009': { title: 'has ambiguous trust data', next: 'make the signers agree on one digest' },
  'CNS-1010': { title: 'is not an image reference', next: 'correct the image name' },
  'CNS-1011': { title: 'does not exist in its registry', next: 'check the name and the tag' },
  'CNS-2003': {
    title: 'could not be checked: the registry refused our credentials',
    next: 'check the validator’s auth, or the workload’s imagePullSecrets where the namespace opted in',
  },
  'CNS-2004': {
    title: 'could not be checked: the registry cannot be reached',
    next: 'try again; check DNS, TLS and egress',
  },
  'CNS-2005': { title: 'could not be checked: the registry limits our requests', next: 'try again later' },
  'CNS-2006': { title: 'could not be checked in time', next: 'try again' },
  'CNS-2007': {
    title: 'could not be checked: the registry’s answer is not what was asked for',
    next: 'check the registry',
  },
  'CNS-2008': {
    title: 'is quarantined: it crashed its verifier repeatedly',
    next: 'try again in a minute; report the image',
  },
  'CNS-3001': {
    title: 'meets a rule that this version cannot apply',
    next: 'see the configuration findings (connaisseur lint)',
  },
  'CNS-3002': {
    title: 'could not be checked: no verifier is available',
    next: 'try again; check the verifiers',
  },
  'CNS-3003': {
    title: 'is held back: a mandatory alert could not be delivered',
    next: 'check the alert receiver',
  },
  'CNS-3004': { title: 'could not be checked: internal fault', next: 'see the gateway’s log' },
} as const satisfies Record<`CNS-${string}`, { title: string; next: string }>;

export type Code = keyof typeof CODES;
export type RefusalCode = Extract<Code, `CNS-1${string}`>;
/** What an undecided verdict may carry: could not look, or our own fault. */
export type UndecidedCode = Extract<Code, `CNS-2${string}` | `CNS-3${string}`>;
export type FaultCode = Extract<Code, `CNS-3${string}`>;

/** True for the codes of a definitive no; only those may be cached. */
export function isRefusalCode(code: Code): code is RefusalCode {
  return code.startsWith('CNS-1');
}
