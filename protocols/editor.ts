/**
 * What is said on the collaborative editor's wire.
 *
 * A client sends lines, each an update. The server sends the document as it is, which may end without a `\n`,
 * and from then on the lines that others append; between the two there is no mark.
 *
 * @module
 */
import { type DocumentText, MAX_CHARACTERS } from "./_document_lines.ts";
import { HashList, hashOf } from "./_line_hashes.ts";

export {
  type DocumentLines,
  documentLines,
  type DocumentLinesOptions,
  type DocumentText,
  SERVER_IS_FULL,
} from "./_document_lines.ts";

/**
 * How a server's answer to an update that it could not save begins. It is not in the document, though
 * another's update may begin so too.
 */
const ERROR = "Error: ";

/** How many of one's own lines that seem to be lost are passed over to find one that is not. */
const LOST_IN_A_ROW = 64;

/**
 * What of a document a client has seen, so that after a reconnection, when the server sends all of it again,
 * only what was missed is shown.
 *
 * The client knows the lines that it was sent, in order, and those that it sent itself, which the server did
 * not send back; each of these may stand anywhere after what it had seen when it sent it, or may have been
 * lost. As long as what comes can be explained as these lines, it is nothing new; what comes after them was
 * missed. What cannot be explained is a document that was changed elsewhere: all of it from there on is new,
 * and {@linkcode SeenDocument.takeChanged} has what came of it before.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SeenDocument } from "./editor.ts";
 *
 * const seen = new SeenDocument();
 * seen.connected();
 * seen.received("theirs");
 * seen.sent("mine");
 * seen.connected();
 * assertEquals(["theirs", "mine", "missed"].map((line) => seen.received(line)), [false, false, true]);
 * ```
 */
export class SeenDocument {
  /** What was received on the connections before. */
  #before = new HashList();
  #sentBefore: Sent[] = [];
  /** What was received on this one. */
  #now = new HashList();
  #sentNow: Sent[] = [];
  /**
   * Ways to explain what came on this connection: how many lines of `#before` it holds, with the number of
   * own lines that are used up or passed over; the fewer of these the better, so one number for each is
   * enough. Empty when nothing is left to be explained, and all that comes is new.
   */
  #ways = new Map<number, number>();
  /** The document has come: what comes is to be shown, whatever it is. */
  #isSettled = false;
  /**
   * Where in `#now` the line begins that was given out in parts and has not ended; undefined when there is
   * none.
   */
  #partsFrom: number | undefined;
  /** What was given out of it. */
  #parts = "";
  /** The last line of `#before` is only this beginning of it: the connection was lost in the middle. */
  #beforePart: string | undefined;
  /** What came on this connection and was seen before; undefined where that is too much to be kept. */
  #passedOver: string[] | undefined = [];
  #passedOverCharacters = 0;
  #isChanged = false;

  /** A connection stands: the document comes from its beginning. */
  connected(): void {
    const part = this.#partsFrom === undefined ? undefined : this.#parts;
    if (part !== undefined) this.#joinParts(part);
    this.#isSettled = false;
    this.#isChanged = false;
    this.#passedOver = [];
    this.#passedOverCharacters = 0;
    const sentFound = this.#ways.get(this.#before.length);
    if (this.#ways.size === 0 || sentFound !== undefined) {
      // Own lines that have not come may still: the last connection may have been lost before them.
      const missing = sentFound === undefined ? [] : this.#sentBefore.slice(sentFound);
      this.#sentBefore = [...sentAfter(this.#now.length, missing), ...this.#sentNow];
      this.#before = this.#now;
      this.#beforePart = part;
    } else {
      // The last connection was lost before it had brought what had been seen before it.
      this.#sentBefore.push(...sentAfter(this.#before.length, this.#sentNow));
    }
    this.#now = new HashList();
    this.#sentNow = [];
    this.#ways = new Map([[0, 0]]);
  }

  /** Something of the document came: gives what of it is to be shown, undefined when that was seen before. */
  came(text: DocumentText): string | undefined {
    switch (text.type) {
      case "line":
        this.#partsFrom = undefined;
        return this.received(text.text) ? text.text : undefined;
      case "part":
        // While the document comes again, it is the beginning of a line that was seen, or that will come
        // whole.
        if (!text.isMessage && this.#isComingAgain()) return undefined;
        if (this.#partsFrom === undefined) [this.#partsFrom, this.#parts] = [this.#now.length, ""];
        this.#parts += text.text;
        return this.received(text.text) ? text.text : undefined;
      case "ended":
        return this.#ended(text.text, text.line);
    }
  }

  #isComingAgain(): boolean {
    return this.#ways.size > 0 && !this.#ways.has(this.#before.length);
  }

  /** The parts were those of `line`: that is what stands there when the document comes again. */
  #ended(text: string, line: string): string | undefined {
    if (this.#partsFrom === undefined) return this.received(line) ? line : undefined;
    this.#joinParts(line);
    return text === "" ? undefined : text;
  }

  /** What was given out in parts is one line. */
  #joinParts(line: string): void {
    const from = this.#partsFrom ?? this.#now.length;
    this.#partsFrom = undefined;
    this.#now.truncate(from);
    this.#sentNow = this.#sentNow.map(({ hash, after }) => ({ hash, after: Math.min(after, from + 1) }));
    this.#now.push(hashOf(line));
  }

  /** A line came; true when it was not seen before. */
  received(line: string): boolean {
    const hash = hashOf(line);
    // An error is not in the document, or it is another's text: a line that may be there, as one's own may.
    if (line.startsWith(ERROR)) this.#sentNow.push({ hash, after: this.#now.length });
    else this.#now.push(hash);
    if (this.#ways.size === 0) return true;
    const ways = new Map<number, number>();
    for (const [seen, sent] of this.#ways) {
      if (this.#before.at(seen) === hash) addWay(ways, seen + 1, sent);
      const own = this.#findSent(hash, seen, sent);
      if (own >= 0) addWay(ways, seen, own + 1);
    }
    const begun = this.#ways.get(this.#before.length - 1);
    if (ways.size === 0 && begun !== undefined && this.#hasBegun(line)) {
      this.#ways = new Map([[this.#before.length, begun]]);
      return true;
    }
    if (ways.size > 0) {
      this.#ways = ways;
      if (!this.#isSettled) this.#passOver(line);
      return this.#isSettled;
    }
    this.#forgetUnfinishedWays();
    return true;
  }

  /** Whether the line is the last one of `#before`, of which only the beginning was seen. */
  #hasBegun(line: string): boolean {
    return this.#beforePart !== undefined && line.startsWith(this.#beforePart);
  }

  /** A line of one's own was sent. */
  sent(line: string): void {
    this.#sentNow.push({ hash: hashOf(line), after: this.#now.length });
  }

  /**
   * Silence: the document has come, and what comes from now on is others' alone. Own lines that have not come
   * are kept in mind all the same: they may come on the next connection.
   */
  settled(): void {
    if (!this.#isComingAgain()) this.#isSettled = true;
  }

  /**
   * What came is new, so all that was seen must have come before it; if it has not, this is another document.
   */
  #forgetUnfinishedWays(): void {
    const { length } = this.#before;
    const sent = this.#ways.get(length);
    this.#ways.clear();
    if (sent !== undefined) this.#ways.set(length, sent);
    else this.#isChanged = true;
  }

  #passOver(line: string): void {
    this.#passedOverCharacters += line.length;
    if (this.#passedOverCharacters > MAX_CHARACTERS) this.#passedOver = undefined;
    this.#passedOver?.push(line);
  }

  /**
   * To be asked after each line: once the document has turned out to be changed elsewhere, the lines of it
   * that came before and were passed over as seen, to be shown again; none of them where they are more than
   * 2^20 characters. Undefined at all other times.
   */
  takeChanged(): readonly string[] | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    const lines = this.#passedOver ?? [];
    this.#passedOver = undefined;
    return lines;
  }

  /**
   * The first own line with this hash from number `from` on that can stand behind `seen` lines; -1 when there
   * is none.
   */
  #findSent(hash: number, seen: number, from: number): number {
    const end = Math.min(this.#sentBefore.length, from + LOST_IN_A_ROW);
    for (let i = from; i < end; i++) {
      const sent = this.#sentBefore[i];
      if (sent !== undefined && sent.hash === hash && sent.after <= seen) return i;
    }
    return -1;
  }
}

/** A line of one's own: what it was, and how many lines had been seen before it was sent. */
interface Sent {
  readonly hash: number;
  readonly after: number;
}

function sentAfter(after: number, sent: readonly Sent[]): Sent[] {
  return sent.map(({ hash }) => ({ hash, after }));
}

function addWay(ways: Map<number, number>, seen: number, sent: number): void {
  const other = ways.get(seen);
  if (other === undefined || sent < other) ways.set(seen, sent);
}
