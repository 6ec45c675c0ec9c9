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
  #texts: readonly HeldText[] = [];

  /** The latest first. */
  get all(): readonly HeldText[] {
    return this.#texts;
  }

  /** The file has held this, and holds another text from now on. */
  add(text: HeldText): void {
    const texts = [text, ...this.#texts];
    const saves = texts.filter(isSave).slice(0, MAX_SAVES);
    const others = thinnedOut(texts.filter((other) => !isSave(other)));
    const kept = new Set([...latest(saves, MAX_SAVED_CHARACTERS), ...latest(others, MAX_CHARACTERS)]);
    this.#texts = texts.filter((each) => kept.has(each));
  }
}

function isSave({ isSaved = false }: HeldText): boolean {
  return isSaved;
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
