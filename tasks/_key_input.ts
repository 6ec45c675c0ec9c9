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

/** No key is longer: of what is (a terminal may say much of itself) the rest is passed over as it comes. */
const MAX_SEQUENCE = 4096;

/** How such a rest ends: before the first character that cannot be in it, or after its final one. */
type RestOf = "control-sequence" | "string";

/** Splits what a terminal sends, however it arrives. */
export class KeyInput {
  /** The beginning of a sequence whose rest has not come yet. */
  #partial = "";
  #isPasting = false;
  /** What is passed over until it ends. */
  #restOf: RestOf | undefined;

  /**
   * Whether something has begun that is not complete: a lone escape key looks so until {@linkcode expire}.
   */
  get isPartial(): boolean {
    return this.#partial !== "" || this.#isPasting || this.#restOf !== undefined;
  }

  /** Whether what has begun may well be a key that a person has pressed: no more of it may come. */
  get isMaybeKey(): boolean {
    return !this.#isPasting && this.#restOf === undefined && this.#partial.length <= 2;
  }

  /** Gives up on the rest of what has begun. */
  expire(): void {
    this.#partial = "";
    this.#isPasting = false;
    this.#restOf = undefined;
  }

  /** Takes what came; gives what is complete, in order. */
  feed(input: string): Token[] {
    const tokens: Token[] = [];
    let rest = this.#partial + input;
    this.#partial = "";
    while (rest !== "") {
      const taken = this.#restOf !== undefined
        ? this.#passedOver(rest, this.#restOf)
        : this.#isPasting
        ? this.#pasted(rest, tokens)
        : this.#typed(rest, tokens);
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
    if (length === undefined) return rest.length > MAX_SEQUENCE ? this.#passOver(rest) : undefined;
    const sequence = rest.slice(0, length);
    if (sequence === PASTE_BEGIN) this.#isPasting = true;
    else if (length > 1) tokens.push({ type: "key", sequence });
    return length;
  }

  /** Begins to pass over what is too long and has not ended. */
  #passOver(rest: string): number {
    this.#restOf = STRING_INTRODUCERS.test(rest.charAt(1)) ? "string" : "control-sequence";
    return rest.length - (rest.endsWith(ESC) ? 1 : 0);
  }

  /** Passes over more of it; gives how much that is. */
  #passedOver(rest: string, restOf: RestOf): number | undefined {
    const end = restOf === "string" ? stringEnd(rest, 0) : controlSequenceEnd(rest, 0);
    if (end !== undefined) {
      this.#restOf = undefined;
      return end;
    }
    // The escape of the end of a string waits for what follows it.
    if (rest === ESC) return undefined;
    return rest.length - (rest.endsWith(ESC) ? 1 : 0);
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
  }
  if (STRING_INTRODUCERS.test(introducer)) return stringEnd(text, 2);
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
  return controlSequenceEnd(text, 2);
}

/** Where a control sequence ends whose parameters begin at `from`, or go on there. */
function controlSequenceEnd(text: string, from: number): number | undefined {
  return finished(text, skip(text, skip(text, from, /[0-?]/), /[ -/]/));
}

/** Where the first character that does not match stands. */
function skip(text: string, from: number, pattern: RegExp): number {
  let at = from;
  while (at < text.length && pattern.test(text.charAt(at))) at++;
  return at;
}

/** The length with the final character at `at`. */
function finished(text: string, at: number): number | undefined {
  if (at >= text.length) return undefined;
  return /[0-~]/.test(text.charAt(at)) ? at + 1 : at;
}

/** What begins a string: of the operating system, of a device, of an application, for a privacy message. */
const STRING_INTRODUCERS = /[\]PX^_]/;

/**
 * Where a string ends that goes on at `from`: after its terminator (ST, or BEL as xterm has it), or what
 * cancels it: an escape begins anew, and an end of line is a person's, for no terminal sends one in a string.
 */
function stringEnd(text: string, from: number): number | undefined {
  // deno-lint-ignore no-control-regex
  const end = /\x07|\x1b\\|\x9c|\x18|\x1a|(?=[\r\n]|\x1b[^\\])/.exec(text.slice(from));
  return end === null ? undefined : from + end.index + end[0].length;
}
