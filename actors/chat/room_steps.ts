/**
 * What a room does, step by step: what is said is given to the history before anybody is sent it.
 *
 * @module
 */
import type { Context, Ref } from "../runtime/mod.ts";
import { decodeEntry, type HistoryEntry } from "./history_entry.ts";
import type { RoomCommand, RoomEvent } from "./messages.ts";
import type { HistoryCommand } from "./owner_messages.ts";

/**
 * One step in the life of a room: what it was told and, of what is said and kept, the event that it makes.
 */
export interface Step {
  readonly command: RoomCommand;
  readonly event?: RoomEvent;
  readonly line?: string;
}

/** A question for what was said. */
export type HistoryRequest = Extract<RoomCommand, { readonly type: "get-history" }>;

/** What the steps of a room send to its own mailbox. */
export type StepMessage =
  | { readonly type: "kept"; readonly error?: unknown }
  | { readonly type: "fetched"; readonly lines: readonly string[] }
  | { readonly type: "go-on" };

/** The part of a room's context that its steps need. */
type StepTools = Pick<Context<StepMessage>, "log" | "pipe" | "after">;

/** Options of {@linkcode RoomSteps}. */
export interface RoomStepsOptions {
  readonly history: Ref<HistoryCommand>;
  /** The room's key in the history. */
  readonly key: string;
  /** Does a step whose line is in the history. */
  readonly take: (step: Step) => void;
  /** All steps that can be done now are done. */
  readonly paused: () => void;
  readonly answerHistory: (command: HistoryRequest, entries: readonly HistoryEntry[]) => void;
}

/**
 * UTF-16 units of text after which the sockets are given the time to take them: a burst must cut no reader
 * off.
 */
const PACE_LENGTH = 128 * 1024;
/** Milliseconds that the history may take to keep a line, before the room goes on without. */
const HISTORY_TIMEOUT_MS = 5000;

/** The steps of one room, in the one order that every member sees. */
export class RoomSteps {
  readonly #self: StepTools;
  readonly #options: RoomStepsOptions;
  /** What is being kept or, once it is, passed on; how much of it has been; and what waits behind it. */
  #keeping: Step[] = [];
  #passedOn = 0;
  #waiting: Step[] = [];

  constructor(self: StepTools, options: RoomStepsOptions) {
    this.#self = self;
    this.#options = options;
  }

  /** Adds a step. */
  add(step: Step): void {
    this.#waiting.push(step);
    this.#next();
  }

  /** The history has answered, or the sockets have had their time. */
  receive(message: StepMessage): void {
    if (message.type === "fetched") this.#answerHistory(message.lines);
    if (message.type === "kept" && message.error !== undefined) {
      this.#self.log.error(`Cannot keep what was said: ${String(message.error)}`, {
        event: "history-not-kept",
      });
    }
    this.#passOn();
  }

  #next(): void {
    while (this.#keeping.length === 0 && this.#waiting.length > 0) {
      this.#keeping = this.#waiting;
      this.#waiting = [];
      const lines = this.#keeping.flatMap(({ line }) => line === undefined ? [] : [line]);
      if (lines.length === 0) {
        this.#passOn();
        continue;
      }
      const { history } = this.#options;
      this.#self.pipe<void>(
        history.ask((replyTo) => ({ type: "keep", room: this.#options.key, lines, replyTo }), {
          timeoutMs: HISTORY_TIMEOUT_MS,
        }),
        () => ({ type: "kept" }),
        (error) => ({ type: "kept", error }),
      );
    }
  }

  #passOn(): void {
    for (let length = 0; this.#passedOn < this.#keeping.length;) {
      const step = this.#keeping[this.#passedOn];
      if (step === undefined) break;
      if (step.command.type === "get-history") {
        this.#options.paused();
        return this.#fetch();
      }
      this.#passedOn++;
      this.#options.take(step);
      length += step.line?.length ?? 0;
      if (length >= PACE_LENGTH && this.#passedOn < this.#keeping.length) {
        this.#options.paused();
        this.#self.after(0, { type: "go-on" });
        return;
      }
    }
    this.#options.paused();
    this.#keeping = [];
    this.#passedOn = 0;
    this.#next();
  }

  #fetch(): void {
    const { history } = this.#options;
    this.#self.pipe<readonly string[]>(
      history.ask((replyTo) => ({ type: "last", room: this.#options.key, lines: Infinity, replyTo }), {
        timeoutMs: HISTORY_TIMEOUT_MS,
      }),
      (lines) => ({ type: "fetched", lines }),
      () => ({ type: "fetched", lines: [] }),
    );
  }

  #answerHistory(lines: readonly string[]): void {
    const step = this.#keeping[this.#passedOn++];
    if (step?.command.type !== "get-history") return;
    // What is kept and not yet passed on comes as an event: it is not told twice.
    const coming = new Set(this.#keeping.slice(this.#passedOn).map(({ event }) => event?.id));
    const entries: HistoryEntry[] = lines.map(decodeEntry).filter(({ id }) => id === "" || !coming.has(id));
    this.#options.answerHistory(step.command, entries);
  }
}
