/**
 * What must be in a text that a log and people write, for the store's campaign.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { SeededRandom } from "../../actors/world/sim/mod.ts";

/** A line that somebody has written. */
export interface TextLine {
  readonly text: string;
  /** It is on the disk. */
  isSure: boolean;
  /**
   * How much of what was corrected in it may be undone: what the page cache alone holds goes with the power,
   * and with a sync that fails and loses its pages, here or on the disk.
   */
  correction: "none" | "not on the disk" | "unknown";
}

/** What may have befallen a text since its lines were looked at. */
export interface Trouble {
  /** The page cache is gone. */
  readonly power?: boolean;
  /** A sync has lost its pages, and nobody has written all of them again. */
  readonly drops?: boolean;
}

/** Corrections are in capital letters: what is half corrected is the same line, too. */
function isSame(line: TextLine, found: string, isUnknown: boolean): boolean {
  return isUnknown ? line.text.toLowerCase() === found.toLowerCase() : line.text === found;
}

/** The lines of a text; the last may lack its end. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** A line that was just written. */
export function newLine(text: string, isSure = false): TextLine {
  return { text, isSure, correction: "none" };
}

/** The lines of a text, in their order. */
export class TextLines {
  /** What is there. */
  lines: TextLine[] = [];
  /** Behind it: what was refused or not answered, and may be there all the same. */
  maybe: string[] = [];
  #count = 0;

  /** A line like no other, and no part of it like that of another, for somebody to write. */
  compose(random: SeededRandom, length = random.pick([0, random.integer(0, 300), 5000])): string {
    const word = `word${++this.#count}`;
    return `line ${this.#count} ${word.repeat(Math.ceil(length / word.length))}.`;
  }

  /** What stands there is just this. */
  check(text: string | undefined, where: "shown" | "on the disk"): void {
    const found = linesOf(text ?? "");
    const { lines } = this;
    for (let at = 0; at < Math.max(found.length, lines.length); at++) {
      const line = lines[at];
      const got = found[at];
      const isRight = line !== undefined && got !== undefined &&
        isSame(line, got, where === "shown" ? line.correction === "unknown" : line.correction !== "none");
      assert(isRight, `line ${at} is ${short(got)} ${where}, and not ${short(line?.text)}`);
    }
  }

  /** All of it is on the disk. */
  synced(): void {
    for (const line of this.lines) {
      line.isSure = true;
      if (line.correction === "not on the disk") line.correction = "none";
    }
    this.maybe = [];
  }

  /** A commit was acknowledged. A log that has nothing to sync does not see what others correct in place. */
  acknowledged(): void {
    if (this.lines.some(({ isSure }) => !isSure)) this.synced();
  }

  /** A sync may have lost its pages. */
  dropped(): void {
    for (const line of this.lines) if (line.correction !== "none") line.correction = "unknown";
  }

  /**
   * Somebody has opened the text and read this: all that must be there, in its order, and nothing that nobody
   * wrote. From now on all of it is sure.
   */
  read(found: readonly string[], { power = false, drops = false }: Trouble): void {
    const known = [...this.lines, ...this.maybe.map((text) => newLine(text))];
    const isKept = (line: TextLine) => line.isSure || (!power && !drops && !this.maybe.includes(line.text));
    const isUnknown = ({ correction }: TextLine) =>
      correction === "unknown" || (power && correction !== "none");
    const read: TextLine[] = [];
    let next = 0;
    const skipTo = (place: number) => {
      const lost = known.slice(next, place).find(isKept);
      assert(lost === undefined, `${short(lost?.text)} is lost`);
    };
    for (const [at, text] of found.entries()) {
      const place = known.findIndex((line, place) =>
        place >= next && isSame(line, drops ? withoutLost(text, line.text.length) : text, isUnknown(line))
      );
      if (place >= 0) {
        skipTo(place);
        next = place + 1;
        read.push({
          ...newLine(text, true),
          correction: power ? "none" : known[place]?.correction ?? "none",
        });
        continue;
      }
      // Where pages were lost there are zeros; what was not announced may be torn by a power cut, at the end.
      const isTorn = power && at === found.length - 1 &&
        this.lines.some((line) => !line.isSure && line.text.toLowerCase().startsWith(text.toLowerCase()));
      assert(isTorn || (drops && text.includes("\0")), `nobody has written ${short(text)}, line ${at}`);
      read.push(newLine(text, true));
    }
    skipTo(known.length);
    this.lines = read;
    this.synced();
  }
}

/** What came behind a line that had no end may be zeros, where pages were lost. */
function withoutLost(text: string, length: number): string {
  return /^\0+$/.test(text.slice(length)) ? text.slice(0, length) : text;
}

function short(text: string | undefined): string {
  return text === undefined ? "nothing" : JSON.stringify(text.slice(0, 40));
}
