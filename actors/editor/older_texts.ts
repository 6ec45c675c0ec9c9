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
 * Who saves a text mostly goes on with that, and knows of nothing that came since: so many of those that
 * somebody has saved are kept whatever else the file has held.
 */
const SAVED_TEXTS = 32;

/** A text that the file has held. */
export interface OlderText extends HeldText {
  /** It is what somebody has saved. */
  readonly isSaved: boolean;
}

/** Remembers some of them. */
export class OlderTexts {
  #texts: OlderText[] = [];

  /** The latest first. */
  get all(): readonly OlderText[] {
    return this.#texts;
  }

  /** The file holds another text, of so many characters, from now on. */
  add(text: OlderText, characters: number): void {
    this.#texts.unshift(text);
    if (this.#texts.length > MAX_TEXTS) {
      let saved = 0;
      this.#texts = this.#texts.filter(({ isSaved }, index) =>
        (isSaved && saved++ < SAVED_TEXTS) || index < LATEST_TEXTS || index % 2 === 0
      );
    }
    this.#texts = this.#texts.filter((older, index) => {
      characters += older.text.length;
      return index < 1 || characters <= MAX_CHARACTERS;
    });
  }
}
