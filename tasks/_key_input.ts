/**
 * What a keyboard sends, taken apart: text, control characters, the sequences of keys and of a mouse as
 * ECMA-48 has them,
 * and what is pasted. Pure.
 *
 * @module
 */

/** One piece of what was typed. */
export type Token =
  /** Characters without a control. */
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "control"; readonly character: string }
  /** A key that comes as several characters, with its escape. */
  | { readonly type: "key"; readonly sequence: string }
  /** A piece of what is pasted, as it is. */
  | { readonly type: "paste"; readonly text: string };

const ESC = "\x1b";
const PASTE_BEGIN = "\x1b[200~";
const PASTE_END = "\x1b[201~";

/** A sequence that is longer is none: no key is. */
const MAX_SEQUENCE = 64;

/** What a terminal says of itself (colours, its name) is longer, and passed over. */
const MAX_STRING = 4096;

/** Splits what a terminal sends, however it arrives. */
export class KeyInput {
  /** The beginning of a sequence whose rest has not come yet. */
  #partial = "";
  #isPasting = false;

  /**
   * Whether something has begun that is not complete: a lone escape key looks so until {@linkcode expire}.
   */
  get isPartial(): boolean {
    return this.#partial !== "" || this.#isPasting;
  }

  /** Whether the end of a paste has not come yet. */
  get isPasting(): boolean {
    return this.#isPasting;
  }

  /** Gives up on the rest of what has begun. */
  expire(): void {
    this.#partial = "";
    this.#isPasting = false;
  }

  /** Takes what came; gives what is complete, in order. */
  feed(input: string): Token[] {
    const tokens: Token[] = [];
    let rest = this.#partial + input;
    this.#partial = "";
    while (rest !== "") {
      const taken = this.#isPasting ? this.#pasted(rest, tokens) : this.#typed(rest, tokens);
      if (taken === undefined) {
        this.#partial = rest;
        break;
      }
      rest = rest.slice(taken);
    }
    return tokens;
  }

  /** Takes one token of what is typed; gives its length, or undefined when it is not complete. */
  #typed(rest: string, tokens: Token[]): number | undefined {
    const [text = ""] = /^\P{Cc}+/u.exec(rest) ?? [];
    if (text !== "") {
      tokens.push({ type: "text", text });
      return text.length;
    }
    if (!rest.startsWith(ESC)) {
      tokens.push({ type: "control", character: rest.charAt(0) });
      return 1;
    }
    const length = sequenceLength(rest);
    if (length === undefined) return undefined;
    const sequence = rest.slice(0, length);
    if (sequence === PASTE_BEGIN) this.#isPasting = true;
    else if (length > 1) tokens.push({ type: "key", sequence });
    return length;
  }

  #pasted(rest: string, tokens: Token[]): number | undefined {
    const end = rest.indexOf(PASTE_END);
    // The end may be split: what could be its beginning waits.
    const escape = end >= 0 ? end : rest.indexOf(ESC, Math.max(0, rest.length - PASTE_END.length + 1));
    const text = escape < 0 ? rest : rest.slice(0, escape);
    if (text !== "") tokens.push({ type: "paste", text });
    if (end >= 0) {
      this.#isPasting = false;
      return end + PASTE_END.length;
    }
    return text === "" ? undefined : text.length;
  }
}

/**
 * How long the sequence at the beginning of a text is; undefined when more must come. One that is broken
 * ends before what broke it.
 */
function sequenceLength(text: string): number | undefined {
  const introducer = text.charAt(1);
  if (introducer === "") return undefined;
  switch (introducer) {
    case "[":
      return controlSequenceLength(text);
    case "O":
      return finished(text, skip(text, 2, /[0-9;]/));
    case "]":
    case "P":
    case "X":
    case "^":
    case "_":
      return stringLength(text);
  }
  if (/[ -/]/.test(introducer)) return finished(text, skip(text, 1, /[ -/]/));
  // The escape key itself, and then another key; but the escape and backspace are one (with Alt).
  if (/\p{Cc}/u.test(introducer) && introducer !== "\x7f" && introducer !== "\b") return 1;
  return 1 + String.fromCodePoint(text.codePointAt(1) ?? 0).length;
}

/** `ESC [`, parameters, intermediates, a final character; and two that do not keep to it. */
function controlSequenceLength(text: string): number | undefined {
  // The mouse of X10: three more characters. The function keys of Linux's console: one more.
  if (text.startsWith("\x1b[M")) return text.length < 6 ? undefined : 6;
  if (text.startsWith("\x1b[[")) return text.length < 4 ? undefined : 4;
  return finished(text, skip(text, skip(text, 2, /[0-?]/), /[ -/]/));
}

/** Where the first character that does not match stands. */
function skip(text: string, from: number, pattern: RegExp): number {
  let at = from;
  while (at < text.length && at < MAX_SEQUENCE && pattern.test(text.charAt(at))) at++;
  return at;
}

/** The length with the final character at `at`. */
function finished(text: string, at: number): number | undefined {
  if (at >= MAX_SEQUENCE) return at;
  if (at >= text.length) return undefined;
  return /[0-~]/.test(text.charAt(at)) ? at + 1 : at;
}

/** A string to its terminator (ST, or BEL as xterm has it), or to what cancels it. */
function stringLength(text: string): number | undefined {
  // deno-lint-ignore no-control-regex
  const end = /\x07|\x1b\\|\x9c|\x18|\x1a/.exec(text);
  if (end !== null) return end.index + end[0].length;
  return text.length > MAX_STRING ? text.length : undefined;
}
