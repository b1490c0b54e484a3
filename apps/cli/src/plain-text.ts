/** C0 and C1 controls, and the characters that turn the direction of text: what could redraw a terminal. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from a registry or a cluster as a terminal may show it: one line, without control characters. */
export function plainText(text: string): string {
  return text.replaceAll(CONTROLS, '?');
}
