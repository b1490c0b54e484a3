import { z } from 'zod';

/** Names end up in logs, metrics and answers: text that prints on one line. */
export function printableName(): z.ZodString {
  return z
    .string()
    .min(1)
    .max(253)
    .refine((text) => !/\p{Cc}/u.test(text), { error: 'expected a name without control characters' });
}

/** A name that becomes part of a file name; `..` is refused because it could leave the directory. */
export function identifier(): z.ZodString {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9_.-]+$/, { error: 'expected an id of letters, digits, "_", "." and "-"', abort: true })
    .refine((text) => !text.includes('..'), { error: 'expected an id without ".."' });
}

/** One of a few words in any case, as Connaisseur reads them; the schema shows the usual spelling. */
export function anyCase<const Words extends readonly [string, ...string[]]>(words: Words) {
  const spell = (text: unknown): unknown =>
    typeof text === 'string'
      ? (words.find((word) => word.toLowerCase() === text.toLowerCase()) ?? text)
      : text;
  return z.preprocess(spell, z.enum(words));
}

/** A Secret's name, and the name of its directory: RFC 1123 subdomain, as Kubernetes has it. */
export function secretName(): z.ZodString {
  return z
    .string()
    .max(253)
    .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, {
      error: 'expected the name of a Secret (RFC 1123 subdomain)',
    });
}
