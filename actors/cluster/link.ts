/**
 * The way from one host to an address: frames, many in a request, in order.
 *
 * @module
 */
import type { World } from "../world/world.ts";
import type { Transport } from "./engine.ts";
import { NoHost } from "./errors.ts";

/** What became of a frame. */
export type Outcome =
  /** It was taken. */
  | "taken"
  /** It was not, for certain. */
  | "refused"
  /** Nobody knows. */
  | "unknown";

interface Frame {
  readonly text: string;
  readonly settled: ((outcome: Outcome) => void) | undefined;
}

/** Requests under way at once to one address. */
const WINDOW = 4;
/** Frames that may wait for one address. */
const MAX_WAITING = 50_000;

/** Sends frames to one address. */
export class Link {
  readonly #address: string;
  readonly #transport: Transport;
  readonly #world: Pick<World, "loop">;
  readonly #timeoutMs: number;
  #frames: Frame[] = [];
  #underWay = 0;
  #isPlanned = false;
  #idle: (() => void)[] = [];

  constructor(address: string, transport: Transport, world: Pick<World, "loop">, timeoutMs: number) {
    this.#address = address;
    this.#transport = transport;
    this.#world = world;
    this.#timeoutMs = timeoutMs;
  }

  /** Nothing waits, and nothing is under way. */
  get isIdle(): boolean {
    return this.#frames.length === 0 && this.#underWay === 0;
  }

  /** Throws `RangeError` when the frame is too large, or too many wait. */
  push(text: string, settled?: (outcome: Outcome) => void): void {
    // Two brackets, and no UTF-16 unit takes more than three bytes.
    if (text.length * 3 + 2 > this.#transport.maxBodyBytes) this.#checkSize(text);
    if (this.#frames.length >= MAX_WAITING) {
      throw new RangeError(`Cannot send to ${this.#address}: ${MAX_WAITING} messages wait`);
    }
    this.#frames.push({ text, settled });
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#world.loop.soon(() => {
      this.#isPlanned = false;
      this.#flush();
    });
  }

  /** Resolves once all that was pushed has come to something. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #checkSize(text: string): void {
    const bytes = encoder.encode(text).length;
    const most = this.#transport.maxBodyBytes - 2;
    if (bytes > most) throw new RangeError(`Cannot send a message of ${bytes} bytes: at most ${most}`);
  }

  #flush(): void {
    while (this.#frames.length > 0 && this.#underWay < WINDOW) this.#send(this.#take());
  }

  /** As many of the oldest as go into one request. */
  #take(): Frame[] {
    let bytes = 2;
    let count = 0;
    for (const { text } of this.#frames) {
      bytes += text.length * 3 + 1;
      if (count > 0 && bytes > this.#transport.maxBodyBytes) break;
      count++;
    }
    return this.#frames.splice(0, count);
  }

  #send(frames: readonly Frame[]): void {
    this.#underWay++;
    const body = `[${frames.map(({ text }) => text).join(",")}]`;
    this.#transport.ask(this.#address, body, { timeoutMs: this.#timeoutMs })
      .then((answer) => this.#answered(frames, answer), (error) => {
        const outcome: Outcome = error instanceof NoHost ? "refused" : "unknown";
        for (const { settled } of frames) settled?.(outcome);
      })
      .finally(() => {
        this.#underWay--;
        this.#flush();
        if (this.isIdle) { for (const resolve of this.#idle.splice(0)) resolve(); }
      });
  }

  /** The answer is the list of those that were refused, by number; or nothing. */
  #answered(frames: readonly Frame[], answer: string): void {
    const refused: unknown = answer === "" ? [] : JSON.parse(answer);
    const numbers = new Set(Array.isArray(refused) ? refused : []);
    for (const [index, { settled }] of frames.entries()) settled?.(numbers.has(index) ? "refused" : "taken");
  }
}

const encoder = new TextEncoder();
