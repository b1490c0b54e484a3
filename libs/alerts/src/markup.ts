import { CODE_POINT } from './truncate-text.js';

/** How a receiver reads a text: what an untrusted value could start there, and what must be done to it. */
export type Markup = 'none' | 'plain' | 'mrkdwn' | 'keybase' | 'markdown' | 'angle';

interface MarkupRule {
  /** Makes a value mean nothing but itself. */
  readonly neutralise: (value: string) => string;
  /** What a cut must not split. */
  readonly unit: RegExp;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** After an `@` it stops every receiver from seeing a mention. A digest is left alone: people copy it. */
const ZERO_WIDTH_SPACE = '\u200b';

/** A table, because which characters are dangerous is a fact about each receiver and not a matter of code (A03). */
export const MARKUPS: Readonly<Record<Markup, MarkupRule>> = {
  /** For machines: JSON is the only syntax, and every code unit arrives as it was. */
  none: { neutralise: (value) => value, unit: CODE_POINT },
  /** Text for people without any markup. */
  plain: { neutralise: toOneLine, unit: CODE_POINT },
  /** Slack: mentions and links start with `<`; a backtick would end the code span that a template puts around a value. */
  mrkdwn: {
    neutralise: (value) =>
      toOneLine(value)
        .replaceAll(/[&<>]/g, (sign) => ENTITIES[sign] ?? '')
        .replaceAll('`', '\u02cb'),
    unit: /&(?:amp|lt|gt);|./gsu,
  },
  /** Keybase: `*bold*`, `_italic_`, `~strike~`, code and quotes; a backslash takes their meaning away. */
  keybase: {
    neutralise: (value) => withoutMentions(toOneLine(value).replaceAll(/[\\*_~`>]/g, '\\$&')),
    unit: /\\.|@\u200b|./gsu,
  },
  /** CommonMark and its relatives: Adaptive Cards, Discord, Mattermost. */
  markdown: {
    neutralise: (value) => withoutMentions(toOneLine(value).replaceAll(/[\\*_~`[\]()#<>|]/g, '\\$&')),
    unit: /\\.|@\u200b|./gsu,
  },
  /** Plain text that some clients show as HTML. */
  angle: {
    neutralise: (value) => toOneLine(value).replaceAll('<', '\u2039').replaceAll('>', '\u203a'),
    unit: CODE_POINT,
  },
};

/**
 * One well-formed line without control characters, invisible characters and changes of direction: a value can neither
 * start a line of its own in somebody's channel nor show another order of letters than it has (A11).
 */
function toOneLine(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll(/[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, '');
}

function withoutMentions(value: string): string {
  return value.replaceAll(/@(?!sha256:)/g, `@${ZERO_WIDTH_SPACE}`);
}
