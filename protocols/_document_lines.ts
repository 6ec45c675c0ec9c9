/**
 * From the bytes of an editor's server to lines of its document.
 *
 * @module
 */
import type { FrameDecoder } from "./frames.ts";

/** What a server that has no room for one client more says before it closes. */
export const SERVER_IS_FULL = "Server is full. Please try again later.";

/** A line that never ends is given out in parts of this many characters. */
export const MAX_CHARACTERS = 1 << 20;

/** What of a document comes from a server. */
export type DocumentText =
  /** A line. */
  | { readonly type: "line"; readonly text: string }
  /**
   * What silence followed: a message of a server that ends none, or a last line without an end, unless more
   * of it comes.
   */
  | { readonly type: "part"; readonly text: string; readonly isMessage: boolean }
  /**
   * The end of a line of which parts were given out: what is to be shown of it now (empty: nothing), and all
   * of it.
   */
  | { readonly type: "ended"; readonly text: string; readonly line: string };

/** Options of {@linkcode documentLines}. */
export interface DocumentLinesOptions {
  /** The server is known to end its lines, from an earlier connection. @default false */
  readonly endsLines?: boolean;
  /**
   * The document comes again when the connection is lost: what is left of a line then is dropped, for the
   * server may have ended in the middle of it. @default false
   */
  readonly comesAgain?: boolean;
  /** Milliseconds of silence that end a message of a server that ends none. @default 50 */
  readonly idleFlushMs?: number;
  /**
   * The same for the first message: while it is not known that the server ends no line, more is waited for
   * than a lost segment takes, which is 200 ms and more. @default 1000
   */
  readonly firstFlushMs?: number;
  /**
   * Milliseconds of silence after which the unended line of a server that ends its lines is given out. Longer
   * than a lost segment and a short cut of the network, which are silence in the middle of a line.
   * @default 5000
   */
  readonly unendedMs?: number;
}

/** From the bytes of a server to {@linkcode DocumentText}s. */
export interface DocumentLines extends FrameDecoder<DocumentText> {
  /** Whether the server has ended a line. */
  readonly endsLines: boolean;
}

/**
 * The lines of a document as they come from a server.
 *
 * Old servers end no line: until the first `\n`, what silence follows is a message. From the first `\n` on
 * silence ends nothing, because the network may be silent in the middle of a line; but a document may end
 * without a `\n`, and so what a long silence follows is given out as a part, and the line again when it turns
 * out to be longer. Bytes that are no UTF-8 are replaced: it is another's file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { documentLines, type DocumentText } from "./editor.ts";
 *
 * const texts: DocumentText[] = [];
 * const decoder = documentLines();
 * decoder.push(new TextEncoder().encode("one\ntw"), texts);
 * decoder.idle(texts);
 * decoder.push(new TextEncoder().encode("o\n"), texts);
 * assertEquals(texts, [
 *   { type: "line", text: "one" },
 *   { type: "part", text: "tw", isMessage: false },
 *   { type: "ended", text: "two", line: "two" },
 * ]);
 * ```
 */
export function documentLines(options: DocumentLinesOptions = {}): DocumentLines {
  return new DocumentLinesDecoder(options);
}

class DocumentLinesDecoder implements DocumentLines {
  readonly #idleFlushMs: number;
  readonly #firstFlushMs: number;
  readonly #unendedMs: number;
  readonly #comesAgain: boolean;
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  #endsLines: boolean;
  /** Messages without an end have come. */
  #hasMessages = false;
  /** What came of the line and was not given out. */
  #unfinished = "";
  /** What was given out of the line, whose end may still come. */
  #givenOut = "";

  constructor(
    { endsLines = false, comesAgain = false, idleFlushMs = 50, firstFlushMs = 1000, unendedMs = 5000 }:
      DocumentLinesOptions,
  ) {
    this.#endsLines = endsLines;
    this.#comesAgain = comesAgain;
    this.#idleFlushMs = idleFlushMs;
    this.#firstFlushMs = firstFlushMs;
    this.#unendedMs = unendedMs;
  }

  get endsLines(): boolean {
    return this.#endsLines;
  }

  get idleFlushMs(): number {
    if (this.#unfinished === "") return 0;
    if (this.#endsLines) return this.#unendedMs;
    return this.#hasMessages ? this.#idleFlushMs : this.#firstFlushMs;
  }

  push(chunk: Uint8Array, texts: DocumentText[]): void {
    this.#take(this.#utf8.decode(chunk, { stream: true }), texts);
  }

  idle(texts: DocumentText[]): void {
    if (this.#unfinished === "") return;
    this.#hasMessages ||= !this.#endsLines;
    texts.push({ type: "part", text: this.#unfinished, isMessage: !this.#endsLines });
    this.#givenOut += this.#unfinished;
    this.#unfinished = "";
  }

  end(texts: DocumentText[]): void {
    this.#take(this.#utf8.decode(), texts);
    const isDropped = this.#comesAgain && this.#unfinished !== SERVER_IS_FULL;
    if (this.#unfinished === "" || isDropped) return;
    this.#finish(this.#unfinished, texts);
  }

  #take(text: string, texts: DocumentText[]): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#grow(text.slice(start, end), texts);
      const line = this.#unfinished;
      this.#finish(line.endsWith("\r") ? line.slice(0, -1) : line, texts);
      this.#endsLines = true;
      start = end + 1;
    }
    this.#grow(text.slice(start), texts);
  }

  /** Adds to the line; of one that never ends, parts of a fixed length are lines. */
  #grow(text: string, texts: DocumentText[]): void {
    this.#unfinished += text;
    while (this.#unfinished.length >= MAX_CHARACTERS) {
      const rest = this.#unfinished.slice(MAX_CHARACTERS);
      this.#finish(this.#unfinished.slice(0, MAX_CHARACTERS), texts);
      this.#unfinished = rest;
    }
  }

  #finish(rest: string, texts: DocumentText[]): void {
    const line = this.#givenOut + rest;
    if (this.#givenOut === "") texts.push({ type: "line", text: rest });
    else texts.push({ type: "ended", text: rest !== "" && this.#endsLines ? line : rest, line });
    this.#givenOut = this.#unfinished = "";
  }
}
