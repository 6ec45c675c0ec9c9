/**
 * How peers meet: the few bytes that begin each connection, of old nodes and new.
 *
 * An old node dials once and sends `ID:<n>`, which nobody answers; or, as a leader, connects and sends the
 * four bytes `SEND`, and is sent the names in the directory, one a line, and the close. It reads only the
 * first message of a connection that it accepted, and holds that to be `SEND` or `ID:<n>` and white space.
 *
 * A new node dials with {@linkcode greeting}: `ID:<n>`, a blank, a tab, and the line end. To an old node
 * that is `ID:<n>`. A new node answers it on the same connection with `HELLO <n> <nonce> <ids>`: its own
 * ID, a nonce for this connection, and the IDs of all nodes that it was given, as {@linkcode nodeList} has
 * them. From then on both send messages, one a line (`election_messages.ts`). The dialling node sends
 * nothing more before the answer: an old node never answers, and is sent no more. An old node's `ID:<n>`
 * has no blank and tab after it, so that a new node knows it for one and sends it nothing.
 *
 * **Who it is.** Anybody can dial and send an ID; a node is proved by where it is to be found. A dialled
 * node that answers with the ID that belongs to the address is that node, unless it was given other nodes:
 * majorities and the owners of terms follow from the list of nodes, so that nodes of different lists take
 * no part in one election. One that has dialled is asked back: the node that accepted it dials the address
 * of the ID itself, unless it has a proved connection with it, and asks there with `claim` whether it was
 * given the nonce. It believes nothing that is said on the accepted connection before `claimed` says so,
 * and says `welcome` there then, after which the other side uses the connection too. With a secret, both
 * prove besides that they know it (`peer_auth.ts`), before anything else.
 *
 * **Which connection counts.** Of several proved connections with one node, that which the lower ID
 * dialled, and of those the newest. Both sides choose by this rule, so both choose the same one; messages
 * are sent on it alone. Who has dialled a connection that does not count closes it a while after it has
 * heard from the other side on the one that does, so that nothing is lost which was said before. Messages
 * are taken from any proved connection, and a link is silent when all of its connections are.
 *
 * **When a node is old.** Silence proves nothing: a new node that is frozen or cut off is silent too, and to
 * take it for an old one would give up the majority. Nor does a plain `ID:<n>`, which anybody can send. A
 * node is old when it was greeted where it is to be found, and then answers a `SEND` there, so that it is
 * running and reads, while it leaves the greeting unanswered or has closed it without a word. An old node
 * with an empty directory answers a `SEND` with nothing, and closes that connection when it accepts the next
 * one: a second `SEND` shows it. And a node is new again with its first greeting or `HELLO`. A new node
 * answers every greeting, also of those whom it then sends away; but a greeting may be lost on its way, and
 * arrive much later than a `SEND`. Old nodes do not close after a list, and new ones do: who closes is
 * greeted and asked a second time.
 *
 * @module
 */
import { isNodeId, isNonce } from "./election_messages.ts";
import { type FrameDecoder, FrameError, lineFrames } from "./frames.ts";

/** What asks for a list of names; on a connection of its own, with no line end. */
export const SEND_REQUEST = "SEND";

/** After `ID:<n>`: a node that knows more than old nodes do. White space, which old nodes pass over. */
const MARK = " \t\n";

/**
 * The first bytes of a new node that dials.
 *
 * @example
 * ```ts
 * import { type AcceptedFrame, acceptedFrames, greeting } from "@troupe/actors/protocols/peer-link";
 * import { assertEquals } from "@std/assert";
 *
 * const frames: AcceptedFrame[] = [];
 * acceptedFrames().push(new TextEncoder().encode(greeting(2)), frames);
 * assertEquals(frames, [{ type: "id", id: 2, old: false }]);
 * ```
 */
export function greeting(id: number): string {
  return `ID:${id}${MARK}`;
}

/**
 * A new node's answer to a {@linkcode greeting}. Without `nodes` its list is not compared.
 *
 * @example
 * ```ts
 * import { dialledFrames, greetingAnswer, nodeList } from "@troupe/actors/protocols/peer-link";
 * import type { DialledFrame } from "@troupe/actors/protocols/peer-link";
 * import { assertEquals } from "@std/assert";
 *
 * const frames: DialledFrame[] = [];
 * const nonce = "0a".repeat(16);
 * dialledFrames().push(new TextEncoder().encode(greetingAnswer(1, nonce, nodeList([3, 1, 2]))), frames);
 * assertEquals(frames, [{ type: "hello", id: 1, nonce, nodes: "1,2,3" }]);
 * ```
 */
export function greetingAnswer(id: number, nonce: string, nodes = ""): string {
  return `HELLO ${id} ${nonce}${nodes === "" ? "" : ` ${nodes}`}\n`;
}

/** The IDs of all nodes, as they are compared: `1,2,3`. */
export function nodeList(ids: readonly number[]): string {
  return [...ids].sort((a, b) => a - b).join();
}

/** What a node that accepted a connection is sent. */
export type AcceptedFrame =
  /** It asks for the names in the directory. */
  | { readonly type: "send" }
  /** It says who it is; `old` when it does so as an old node does. */
  | { readonly type: "id"; readonly id: number; readonly old: boolean }
  | LinkLine;

/** A line of a link: a message, sealed where there is a secret. */
export interface LinkLine {
  /** Tag of the frame. */
  readonly type: "line";
  /** The line without its end. */
  readonly text: string;
}

/** What a node that dialled is sent. An old node sends it nothing. */
export type DialledFrame =
  /** The nonce is empty when it gave none, and so is the list of nodes. */
  | { readonly type: "hello"; readonly id: number; readonly nonce: string; readonly nodes: string }
  | LinkLine;

/** Options of {@linkcode acceptedFrames}. */
export interface AcceptedFramesOptions {
  /**
   * Silence after a bare `ID:<n>`, which may be the beginning of a greeting, until it is taken for an old
   * node's. @default 300
   */
  readonly plainAfterMs?: number;
}

/** The most bytes of the first message of a node that dials: `ID:`, ten digits, white space. */
const MAX_FIRST_BYTES = 64;

/** The most bytes of the answer: `HELLO`, an ID, a nonce, and the IDs of a hundred nodes. */
const MAX_HELLO_BYTES = 2048;

/** The most bytes of one message: a beat that names a hundred old nodes, and its seal. */
const MAX_LINE_BYTES = 4096;

/**
 * Decodes what a dialling node sends.
 *
 * @example
 * ```ts
 * import { type AcceptedFrame, acceptedFrames } from "@troupe/actors/protocols/peer-link";
 * import { assertEquals } from "@std/assert";
 *
 * const frames: AcceptedFrame[] = [];
 * acceptedFrames().push(new TextEncoder().encode("ID:2 \t\n"), frames);
 * acceptedFrames().push(new TextEncoder().encode("ID:3\n"), frames);
 * assertEquals(frames, [{ type: "id", id: 2, old: false }, { type: "id", id: 3, old: true }]);
 * ```
 */
export function acceptedFrames(options: AcceptedFramesOptions = {}): FrameDecoder<AcceptedFrame> {
  return new AcceptedDecoder(options.plainAfterMs ?? 300);
}

/** Decodes what the node that was dialled sends. */
export function dialledFrames(): FrameDecoder<DialledFrame> {
  return new DialledDecoder();
}

class AcceptedDecoder implements FrameDecoder<AcceptedFrame> {
  readonly #plainAfterMs: number;
  #first = "";
  /** What comes after the first message: nothing but white space, or messages. */
  #state: "first" | "finished" | "linked" = "first";
  readonly #lines = new LinkLines();

  constructor(plainAfterMs: number) {
    this.#plainAfterMs = plainAfterMs;
  }

  get idleFlushMs(): number {
    return this.#state === "first" && BARE_ID.test(this.#first) ? this.#plainAfterMs : 0;
  }

  push(chunk: Uint8Array, frames: AcceptedFrame[]): void {
    if (this.#state === "linked") {
      this.#lines.push(chunk, frames);
      return;
    }
    if (this.#state === "finished") {
      if (!WHITE_SPACE.test(latin1(chunk))) {
        throw new FrameError("nothing was expected after the first message");
      }
      return;
    }
    // One byte beyond the limit is enough to know that it is passed.
    const before = this.#first.length;
    this.#first += latin1(chunk.subarray(0, MAX_FIRST_BYTES + 1 - before));
    const greeted = GREETING.exec(this.#first);
    if (greeted !== null) {
      frames.push({ type: "id", id: nodeId(greeted[1]), old: false });
      this.#state = "linked";
      this.#lines.push(chunk.subarray(greeted[0].length - before), frames);
    } else if (SEND.test(this.#first)) {
      this.#state = "finished";
      frames.push({ type: "send" });
    } else if (OLD_ID_LINE.test(this.#first)) {
      this.#finishOld(frames);
    } else if (this.#first.length > MAX_FIRST_BYTES || !BEGINNING.test(this.#first)) {
      throw new FrameError("neither ID:<n> nor SEND");
    }
  }

  idle(frames: AcceptedFrame[]): void {
    if (this.#state === "first" && BARE_ID.test(this.#first)) this.#finishOld(frames);
  }

  end(frames: AcceptedFrame[]): void {
    this.idle(frames);
  }

  #finishOld(frames: AcceptedFrame[]): void {
    this.#state = "finished";
    frames.push({ type: "id", id: nodeId(BARE_ID.exec(this.#first)?.[1]), old: true });
  }
}

/** `ID:<n>` and white space. */
const BARE_ID = /^ID:(\d{1,10})\s*$/;
const GREETING = /^ID:(\d{1,10}) \t\n/;
/** A line end that belongs to no greeting: the message is whole. */
const OLD_ID_LINE = /^ID:\d{1,10}(?! \t\n)\s*\n\s*$/;
const SEND = /^SEND\s*$/;
const BEGINNING = /^(?:S|SE|SEN|I|ID|ID:|ID:\d{1,10}\s*)$/;
const WHITE_SPACE = /^\s*$/;

class DialledDecoder implements FrameDecoder<DialledFrame> {
  readonly idleFlushMs = 0;
  readonly #hello = lineFrames({ maxFrameBytes: MAX_HELLO_BYTES, idleFlushMs: 0 });
  readonly #lines = new LinkLines();
  #greeted = false;

  push(chunk: Uint8Array, frames: DialledFrame[]): void {
    if (this.#greeted) {
      this.#lines.push(chunk, frames);
      return;
    }
    const end = chunk.indexOf(LF) + 1;
    const greetings: string[] = [];
    this.#hello.push(end === 0 ? chunk : chunk.subarray(0, end), greetings);
    const [line] = greetings;
    if (line === undefined) return;
    const [, id, nonce, nodes = ""] = HELLO.exec(line) ?? [];
    frames.push({ type: "hello", id: nodeId(id), nonce: isNonce(nonce) ? nonce : "", nodes });
    this.#greeted = true;
    this.#lines.push(chunk.subarray(end), frames);
  }

  idle(): void {}

  end(): void {}
}

const HELLO = /^HELLO (\d{1,10})(?: (\S*))?(?: (\d{1,10}(?:,\d{1,10}){0,99}))?(?: .*)?$/;
const LF = 0x0a;

/** Messages, one a line. What is cut off at the end of the stream is none. */
class LinkLines {
  readonly #lines = lineFrames({ maxFrameBytes: MAX_LINE_BYTES, idleFlushMs: 0 });

  push(chunk: Uint8Array, frames: { push(frame: LinkLine): unknown }): void {
    if (chunk.length === 0) return;
    const lines: string[] = [];
    this.#lines.push(chunk, lines);
    for (const text of lines) frames.push({ type: "line", text });
  }
}

function nodeId(digits: string | undefined): number {
  const id = Number(digits);
  if (!isNodeId(id)) throw new FrameError("not the ID of a node");
  return id;
}

/** First messages are ASCII; other bytes become characters that no pattern has. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, MAX_FIRST_BYTES + 1));
}
