/**
 * The answer to one command of an IRC client.
 *
 * @module
 */
import { formatIrcBody, formatIrcText, MAX_BODY_BYTES } from "../../../protocols/irc.ts";
import type { IrcLine } from "./irc_codec.ts";

/** Lines of a long answer that are sent before the client has to read. */
const LINES_AT_ONCE = 100;

const encoder = new TextEncoder();

/** What an answer is written with. */
export interface ReplyTarget {
  readonly serverName: string;
  /** The client's name; `*` before it has one. */
  readonly nick: string;
  readonly hasBatch: boolean;
  write(lines: readonly IrcLine[]): void;
  nextBatch(): string;
}

/**
 * Collects or writes the answer to a command. With a label, the whole answer is sent at the end, as one
 * message or one batch that carries the label (IRCv3 `labeled-response`); without one, each line goes out at
 * once.
 */
export class Reply {
  readonly #target: ReplyTarget;
  readonly #label: string | undefined;
  #collected: IrcLine[] = [];
  #isFinished = false;
  /** The batch that a long answer with a label goes out in while it is still being made. */
  #openBatch: string | undefined;

  constructor(target: ReplyTarget, label: string | undefined) {
    this.#target = target;
    this.#label = label;
  }

  /** Whether what the command makes happen belongs to the answer. */
  get isLabeled(): boolean {
    return this.#label !== undefined && !this.#isFinished;
  }

  /** A numeric reply: to the client by its name, from the server. */
  numeric(code: string, ...params: readonly string[]): void {
    this.add([{
      tags: [],
      body: formatIrcBody(this.#target.serverName, code, this.#target.nick, ...params),
    }]);
  }

  /** A numeric reply whose last parameter is a text. */
  text(code: string, ...params: readonly string[]): void {
    const { serverName, nick } = this.#target;
    this.add([{ tags: [], body: formatIrcText(serverName, code, nick, ...params) }]);
  }

  /** Numeric replies whose last parameter is a list, as many as its items take. */
  list(code: string, params: readonly string[], items: readonly string[], separator = " "): void {
    const { serverName, nick } = this.#target;
    const maxBytes = MAX_BODY_BYTES - 2 -
      byteLength([`:${serverName}`, code, nick, ...params, ":"].join(" "));
    let line = "";
    let bytes = 0;
    for (const item of items) {
      const itemBytes = byteLength(item) + separator.length;
      if (line !== "" && bytes + itemBytes > maxBytes) {
        this.numeric(code, ...params, line);
        [line, bytes] = ["", 0];
      }
      line += line === "" ? item : `${separator}${item}`;
      bytes += itemBytes;
    }
    if (line !== "") this.numeric(code, ...params, line);
  }

  /** Many lines, each added by its call, no faster than the client reads; then `end`. */
  paced(pace: (then: () => void) => void, lines: readonly (() => void)[], end: () => void, from = 0): void {
    if (lines.length > LINES_AT_ONCE && this.isLabeled && this.#target.hasBatch) this.#open();
    let at = from;
    const stop = Math.min(lines.length, from + LINES_AT_ONCE);
    while (at < stop) lines[at++]?.();
    if (at === lines.length) return end();
    pace(() => this.paced(pace, lines, end, at));
  }

  /** A message from the server. */
  server(command: string, ...params: readonly string[]): void {
    this.add([{ tags: [], body: formatIrcBody(this.#target.serverName, command, ...params) }]);
  }

  /** Adds messages to the answer. */
  add(lines: readonly IrcLine[]): void {
    const batch = this.#openBatch;
    if (batch !== undefined && !this.#isFinished) {
      this.#target.write(lines.map(({ tags, body }) => ({ tags: inBatch(tags, batch), body })));
    } else if (this.isLabeled) this.#collected.push(...lines);
    else this.#target.write(lines);
  }

  /** Begins the batch before all of it is known: a long answer must not be held in memory. */
  #open(): void {
    if (this.#openBatch !== undefined || this.#label === undefined) return;
    const { serverName } = this.#target;
    const batch = this.#target.nextBatch();
    const begin = formatIrcBody(serverName, "BATCH", `+${batch}`, "labeled-response");
    this.#target.write([{ tags: [["label", this.#label]], body: begin }]);
    this.#openBatch = batch;
    this.add(this.#collected.splice(0));
  }

  /** Ends the answer. */
  finish(): void {
    if (this.#isFinished) return;
    const lines = this.#collected;
    if (lines.length > 1 && this.#target.hasBatch) this.#open();
    this.#isFinished = true;
    this.#collected = [];
    if (this.#label === undefined) return;
    const { serverName } = this.#target;
    if (this.#openBatch !== undefined) {
      const body = formatIrcBody(serverName, "BATCH", `-${this.#openBatch}`);
      return this.#target.write([{ tags: [], body }]);
    }
    const [first = { tags: [], body: formatIrcBody(serverName, "ACK") }, ...rest] = lines;
    this.#target.write([{ ...first, tags: [["label", this.#label], ...first.tags] }, ...rest]);
  }
}

function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/**
 * A line of a batch inside this one keeps the batch it has: the outer one is named by the start of the inner
 * alone.
 */
function inBatch(tags: IrcLine["tags"], batch: string): IrcLine["tags"] {
  return tags.some(([key]) => key === "batch") ? tags : [["batch", batch], ...tags];
}
