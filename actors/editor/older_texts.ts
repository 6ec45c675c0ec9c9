/**
 * The texts that a document's file has held before.
 *
 * @module
 */
import type { HeldText } from "./recovery.ts";

/**
 * So many texts are kept, and so many characters of them: somebody may save what they have made of an old
 * one. The latest are kept without a gap, of those before ever fewer.
 */
const MAX_TEXTS = 128;
const LATEST_TEXTS = 64;
const MAX_CHARACTERS = 1 << 23;
/**
 * Who saves a text mostly goes on with that, and knows of nothing that came since: of those that somebody has
 * saved so many are kept, whatever else the file has held.
 */
const MAX_SAVES = 32;
const MAX_SAVED_CHARACTERS = 1 << 22;

/** Remembers some of them. */
export class OlderTexts {
  #texts: HeldText[] = [];
  #saves: HeldText[] = [];
  /** In which order they came. */
  readonly #numbers = new WeakMap<HeldText, number>();
  #count = 0;

  /** The latest first. */
  get all(): readonly HeldText[] {
    const number = (text: HeldText) => this.#numbers.get(text) ?? 0;
    return [...this.#texts, ...this.#saves].sort((left, right) => number(right) - number(left));
  }

  /** The file has held this, and holds another text from now on. */
  add(text: HeldText): void {
    this.#numbers.set(text, ++this.#count);
    if (text.isSaved) {
      this.#saves = latest([text, ...this.#saves.slice(0, MAX_SAVES - 1)], MAX_SAVED_CHARACTERS);
    } else {
      this.#texts = latest(thinnedOut([text, ...this.#texts]), MAX_CHARACTERS);
    }
  }
}

function thinnedOut(texts: HeldText[]): HeldText[] {
  if (texts.length <= MAX_TEXTS) return texts;
  return texts.filter((_, index) => index < LATEST_TEXTS || index % 2 === 0);
}

/** So many characters of them; the latest is there however long it is. */
function latest(texts: readonly HeldText[], maxCharacters: number): HeldText[] {
  let characters = 0;
  return texts.filter(({ text }, index) => (characters += text.length) <= maxCharacters || index === 0);
}
