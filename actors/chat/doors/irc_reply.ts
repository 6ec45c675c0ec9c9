/**
 * The answer to one command of an IRC client.
 *
 * @module
 */
import { formatIrcBody } from "../../../protocols/irc.ts";
import type { IrcLine } from "./irc_codec.ts";

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

  /** A message from the server. */
  server(command: string, ...params: readonly string[]): void {
    this.add([{ tags: [], body: formatIrcBody(this.#target.serverName, command, ...params) }]);
  }

  /** Adds messages to the answer. */
  add(lines: readonly IrcLine[]): void {
    if (this.isLabeled) this.#collected.push(...lines);
    else this.#target.write(lines);
  }

  /** The command is over. */
  finish(): void {
    if (this.#isFinished) return;
    const lines = this.#collected;
    this.#isFinished = true;
    this.#collected = [];
    if (this.#label === undefined) return;
    const label = ["label", this.#label] as const;
    const { serverName } = this.#target;
    const [first] = lines;
    if (first === undefined) {
      return this.#target.write([{ tags: [label], body: formatIrcBody(serverName, "ACK") }]);
    }
    if (lines.length === 1 || !this.#target.hasBatch) {
      return this.#target.write([{ ...first, tags: [label, ...first.tags] }, ...lines.slice(1)]);
    }
    const batch = this.#target.nextBatch();
    this.#target.write([
      { tags: [label], body: formatIrcBody(serverName, "BATCH", `+${batch}`, "labeled-response") },
      ...lines.map(({ tags, body }) => ({ tags: inBatch(tags, batch), body })),
      { tags: [], body: formatIrcBody(serverName, "BATCH", `-${batch}`) },
    ]);
  }
}

/**
 * A line of a batch inside this one keeps the batch it has: the outer one is named by the start of the inner
 * alone.
 */
function inBatch(tags: IrcLine["tags"], batch: string): IrcLine["tags"] {
  return tags.some(([key]) => key === "batch") ? tags : [["batch", batch], ...tags];
}
