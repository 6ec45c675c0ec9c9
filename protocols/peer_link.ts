/**
 * How peers meet: the few bytes that begin each connection, of old nodes and new.
 *
 * An old node dials once and sends `ID:<n>`, which nobody answers; or, as a leader, connects and sends the four bytes `SEND`, is sent the names in the
 * folder, one a line, and the close. It reads only the first message of a connection that it accepted, and holds that to be
 * `SEND` or `ID:<n>` and white space.
 *
 * A new node dials with {@linkcode greeting}: `ID:<n>`, a blank, a tab, and the line end. To an old node that is `ID:<n>`. A
 * new node answers it on the same connection with `HELLO <n>`, its own ID, and from then on both send messages, one a line
 * (`election_messages.ts`). The dialling node sends nothing more before the answer: an old node never answers, and is sent no
 * more. An old node's `ID:<n>` has no blank and tab after it, so that a new node knows it for one and sends it nothing.
 *
 * **When a node is old.** Silence proves nothing: a new node that is frozen or cut off is silent too, and to take it for
 * an old one would give up the majority. Nor does a plain `ID:<n>`, which anybody can send. A node is old when it was greeted where it
 * is to be found, and then answers a `SEND` there, so that it is running and reads, while it leaves the greeting unanswered or has
 * closed it without a word. And it is new again with its first greeting or `HELLO`. A new node answers every greeting,
 * also of those whom it then sends away.
 *
 * @module
 */
import { decodePeerMessage, isNodeId, type PeerMessage } from "./election_messages.ts";
import { type FrameDecoder, FrameError, lineFrames } from "./frames.ts";

/** What asks for a list of names; on a connection of its own, with no line end. */
export const SEND_REQUEST = "SEND";

/** After `ID:<n>`: a node that knows more than old nodes do. White space, which old nodes pass over. */
const MARK = " \t\n";

/** The first bytes of a new node that dials. */
export function greeting(id: number): string {
  return `ID:${id}${MARK}`;
}

/** A new node's answer to a {@linkcode greeting}. */
export function greetingAnswer(id: number): string {
  return `HELLO ${id}\n`;
}

/** What a node that accepted a connection is sent. */
export type AcceptedFrame =
  /** It asks for the names in the folder. */
  | { readonly type: "send" }
  /** It says who it is; `old` when it does so as an old node does. */
  | { readonly type: "id"; readonly id: number; readonly old: boolean }
  | { readonly type: "message"; readonly message: PeerMessage };

/** What a node that dialled is sent. An old node sends it nothing. */
export type DialledFrame =
  | { readonly type: "hello"; readonly id: number }
  | { readonly type: "message"; readonly message: PeerMessage };

/** Options of {@linkcode acceptedFrames}. */
export interface AcceptedFramesOptions {
  /** Silence after a bare `ID:<n>`, which may be the beginning of a greeting, until it is taken for an old node's. @default 300 */
  readonly plainAfterMs?: number;
}

/** The most bytes that a first message may have: `ID:`, ten digits, white space. */
const MAX_FIRST_BYTES = 64;

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
  readonly #messages = new MessageLines();

  constructor(plainAfterMs: number) {
    this.#plainAfterMs = plainAfterMs;
  }

  get idleFlushMs(): number {
    return this.#state === "first" && BARE_ID.test(this.#first) ? this.#plainAfterMs : 0;
  }

  push(chunk: Uint8Array, frames: AcceptedFrame[]): void {
    if (this.#state === "linked") {
      this.#messages.push(chunk, frames);
      return;
    }
    if (this.#state === "finished") {
      if (!WHITE_SPACE.test(latin1(chunk))) {
        throw new FrameError("Error: nothing was expected after the first message");
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
      this.#messages.push(chunk.subarray(greeted[0].length - before), frames);
    } else if (SEND.test(this.#first)) {
      this.#state = "finished";
      frames.push({ type: "send" });
    } else if (OLD_ID_LINE.test(this.#first)) {
      this.#finishOld(frames);
    } else if (this.#first.length > MAX_FIRST_BYTES || !BEGINNING.test(this.#first)) {
      throw new FrameError("Error: neither ID:<n> nor SEND");
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
  readonly #hello = lineFrames({ maxFrameBytes: MAX_FIRST_BYTES, idleFlushMs: 0 });
  readonly #messages = new MessageLines();
  #greeted = false;

  push(chunk: Uint8Array, frames: DialledFrame[]): void {
    if (this.#greeted) {
      this.#messages.push(chunk, frames);
      return;
    }
    const end = chunk.indexOf(LF) + 1;
    const greetings: string[] = [];
    this.#hello.push(end === 0 ? chunk : chunk.subarray(0, end), greetings);
    const [line] = greetings;
    if (line === undefined) return;
    frames.push({ type: "hello", id: nodeId(/^HELLO (\d{1,10})(?: .*)?$/.exec(line)?.[1]) });
    this.#greeted = true;
    this.#messages.push(chunk.subarray(end), frames);
  }

  idle(): void {}

  end(): void {}
}

const LF = 0x0a;

/** One message of a link. */
interface MessageFrame {
  readonly type: "message";
  readonly message: PeerMessage;
}

/** Messages, one a line. What is cut off at the end of the stream is none. */
class MessageLines {
  readonly #lines = lineFrames({ idleFlushMs: 0 });

  push(chunk: Uint8Array, frames: { push(frame: MessageFrame): unknown }): void {
    if (chunk.length === 0) return;
    const lines: string[] = [];
    this.#lines.push(chunk, lines);
    for (const line of lines) {
      const message = decodePeerMessage(line);
      if (message === null) throw new FrameError("Error: not a message of a peer");
      frames.push({ type: "message", message });
    }
  }
}

function nodeId(digits: string | undefined): number {
  const id = Number(digits);
  if (!isNodeId(id)) throw new FrameError("Error: not the ID of a node");
  return id;
}

/** First messages are ASCII; other bytes become characters that no pattern has. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, MAX_FIRST_BYTES + 1));
}
