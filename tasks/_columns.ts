/**
 * How wide a text is on a terminal, and what in it a person takes for one character.
 *
 * @module
 */

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** What people take for single characters: a letter with its marks, a flag, a family. */
export function graphemesOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Where the last character before the end of a text begins. */
export function lastGraphemeStart(text: string): number {
  // Nobody's character is longer, and a line may be long.
  const from = Math.max(0, text.length - MAX_GRAPHEME);
  const last = graphemesOf(text.slice(from)).at(-1) ?? "";
  return text.length - last.length;
}

/** Where the first character of a text ends. */
export function firstGraphemeEnd(text: string): number {
  const [first] = segmenter.segment(text.slice(0, MAX_GRAPHEME));
  return first?.segment.length ?? 0;
}

const MAX_GRAPHEME = 128;

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff]/u;
const FLAG = /^[\u{1f1e6}-\u{1f1ff}]{2}/u;

/**
 * East Asian Wide and Fullwidth of Unicode 16, as ranges; emoji that show as such by themselves are asked
 * for by their name.
 */
const WIDE_RANGES = [
  String.raw`\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f`,
  String.raw`\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6`,
  String.raw`\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}`,
];
const WIDE = new RegExp(String.raw`^[\p{Emoji_Presentation}` + WIDE_RANGES.join("") + "]", "u");

function columnsOfGrapheme(grapheme: string): number {
  if (NO_WIDTH.test(grapheme)) return 0;
  if (FLAG.test(grapheme)) return 2;
  if (grapheme.includes("\ufe0f")) return 2;
  // Half-width kana take their sound marks beside them.
  const marks = grapheme.length - grapheme.replace(/[\uff9e\uff9f]/g, "").length;
  return (WIDE.test(grapheme) && !grapheme.includes("\ufe0e") ? 2 : 1) + (grapheme.length > 1 ? marks : 0);
}

/** How many columns of a terminal a text takes, as near as terminals agree on it. */
export function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return graphemesOf(text).reduce((sum, grapheme) => sum + columnsOfGrapheme(grapheme), 0);
}

/** As much of the beginning of a text as so many columns have room for; `…` stands for what is cut off. */
export function cutToColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let shown = "";
  let used = 1;
  for (const grapheme of graphemesOf(text)) {
    used += columnsOfGrapheme(grapheme);
    if (used > columns) break;
    shown += grapheme;
  }
  return `${shown}…`;
}
