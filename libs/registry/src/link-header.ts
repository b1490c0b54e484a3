/** One `<target>; parameters` of a `Link` header; RFC 8288, section 3. */
const LINK = /<([^<>]*)>((?:[^,"<>]|"[^"]*")*)/g;
const NEXT = /;\s*rel\s*=\s*(?:"next"|next)\s*(?:;|$)/i;

/** The targets of all `rel="next"` links, as they are written. */
export function nextLinks(header: string): readonly string[] {
  return [...header.matchAll(LINK)]
    .filter(([, , parameters = '']) => NEXT.test(parameters))
    .map(([, target = '']) => target);
}
