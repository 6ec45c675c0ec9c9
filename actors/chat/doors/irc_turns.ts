/**
 * The turns of an IRC client's messages under the limit of its rate.
 *
 * @module
 */
import type { IrcFrame } from "../../../protocols/irc.ts";
import type { Connection } from "../../net/mod.ts";
import type { MemberMessage } from "../messages.ts";
import type { ReadGate } from "./read_gate.ts";

/** Frames that may wait for their turn before the client is read no further. */
const MAX_WAITING_FRAMES = 16;
/** Milliseconds between two looks at who waits for its turn. */
const TURN_MS = 100;

/** What takes the frames, each at its turn. */
export interface FrameTaker {
  /** Whether this one may be taken now; if so, it is counted. */
  mayTake(frame: IrcFrame): boolean;
  take(frame: IrcFrame): void;
  /** Nothing more will come, and all that came was taken. */
  allTaken(): void;
}

/**
 * Frames wait rather than being lost when they come faster than the rate: clients send bursts when they
 * start.
 */
export class FrameTurns {
  readonly #context: Connection<MemberMessage>["context"];
  readonly #reading: ReadGate;
  readonly #taker: FrameTaker;
  readonly #waiting: IrcFrame[] = [];
  #isTurnDue = false;
  #hasEnded = false;
  #isStopped = false;

  constructor(context: Connection<MemberMessage>["context"], reading: ReadGate, taker: FrameTaker) {
    this.#context = context;
    this.#reading = reading;
    this.#taker = taker;
  }

  /** One more frame. */
  add(frame: IrcFrame): void {
    this.#waiting.push(frame);
    this.#takeTurns();
  }

  /** No more will come: what waits has its turn first. The end of a stream is no way around the rate. */
  end(): void {
    this.#hasEnded = true;
    this.#takeTurns();
  }

  /** Nothing is taken any more. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting.length = 0;
  }

  /** Looks again in a moment: one timer, however many frames wait for it. */
  wait(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#context.after(TURN_MS, { type: "next-turn" });
  }

  /** The moment of {@linkcode FrameTurns.wait} has come: `first` goes before frames, and may wait again. */
  onTurn(first: () => void): void {
    this.#isTurnDue = false;
    first();
    this.#takeTurns();
  }

  #takeTurns(): void {
    while (!this.#isStopped) {
      const frame = this.#waiting[0];
      if (frame === undefined) break;
      if (!this.#taker.mayTake(frame)) {
        this.wait();
        break;
      }
      this.#waiting.shift();
      this.#taker.take(frame);
    }
    if (this.#waiting.length > MAX_WAITING_FRAMES) this.#reading.pause("rate");
    else this.#reading.resume("rate");
    if (!this.#hasEnded || this.#waiting.length > 0 || this.#isStopped) return;
    this.#isStopped = true;
    this.#taker.allTaken();
  }
}
