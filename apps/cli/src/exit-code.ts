/** Exit codes of `verify` and `explain`: one for each reason, so that a pipeline can tell them apart. */
const EXIT_CODES: ReadonlyMap<string, number> = new Map([
  ['CNS-1001', 21],
  ['CNS-1002', 20],
  ['CNS-1003', 10],
  ['CNS-1004', 12],
  ['CNS-1005', 12],
  ['CNS-1006', 13],
  ['CNS-1007', 14],
  ['CNS-1008', 15],
  ['CNS-1009', 12],
  ['CNS-1010', 2],
  ['CNS-1011', 11],
  ['CNS-2003', 30],
  ['CNS-2004', 31],
  ['CNS-2005', 32],
  ['CNS-2006', 33],
  ['CNS-2007', 31],
  ['CNS-3001', 2],
]);

export const EXIT_OK = 0;
export const EXIT_FAULT = 1;
export const EXIT_CONFIGURATION = 2;

/** 0 when every image is admitted, else the code of the first that is not. */
export function exitCodeOf(
  results: readonly { readonly outcome: string; readonly code?: string | undefined }[],
): number {
  const first = results.find(({ outcome }) => outcome !== 'admitted');
  if (first === undefined) return EXIT_OK;
  return EXIT_CODES.get(first.code ?? '') ?? EXIT_FAULT;
}
