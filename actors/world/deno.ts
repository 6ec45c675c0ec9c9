/**
 * The real world: this machine's clock, chance, event loop, network and disk, and the process's streams for the log.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Cancellable, Clock, EventLoop, Random, World } from "./world.ts";
import { DenoDisk } from "./deno_disk.ts";
import { DenoLog, type DenoLogOptions } from "./deno_log.ts";
import { DenoNet } from "./deno_net.ts";

export type { DenoLogOptions, LogFormat, LogStream } from "./deno_log.ts";

/** Options of {@linkcode denoWorld}. */
export interface DenoWorldOptions {
  /** Where log lines go, and which. */
  readonly log?: DenoLogOptions;
}

/** The real world, with what only a real one needs. */
export interface DenoWorld extends World {
  /** Writes the log lines that are still gathered: call it before `Deno.exit`. */
  flush(): void;
}

/**
 * The world of this process.
 *
 * A permission that is missing is a {@linkcode WorldError} of kind `permission-denied` that names the flag.
 *
 * @example
 * ```ts
 * import { denoWorld } from "@troupe/actors";
 *
 * const world = denoWorld({ log: { level: "warn" } });
 * world.log.write({ level: "info", actor: "/demo", message: "thrown away" });
 * world.flush();
 * ```
 */
export function denoWorld(options: DenoWorldOptions = {}): DenoWorld {
  const clock = new DenoClock();
  const loop = new DenoLoop();
  const log = new DenoLog(
    options.log ?? {},
    () => clock.now(),
    (task) => loop.nextTurn(task),
  );
  return {
    clock,
    random,
    loop,
    net: new DenoNet(log),
    disk: new DenoDisk(),
    log,
    flush: () => log.flush(),
  };
}

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

class DenoClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  timer(delayMs: number, task: () => void): Cancellable {
    return new DenoTimer(delayMs, task);
  }
}

class DenoTimer implements Cancellable {
  #id: ReturnType<typeof setTimeout>;

  constructor(delayMs: number, task: () => void) {
    this.#id = this.#start(delayMs, task);
  }

  #start(delayMs: number, task: () => void): ReturnType<typeof setTimeout> {
    if (delayMs <= MAX_DELAY_MS) return setTimeout(task, delayMs);
    return setTimeout(() => {
      this.#id = this.#start(delayMs - MAX_DELAY_MS, task);
    }, MAX_DELAY_MS);
  }

  cancel(): void {
    clearTimeout(this.#id);
  }
}

/** What `crypto.getRandomValues` fills at most in one call. */
const MAX_RANDOM_BYTES = 65536;

const random: Random = {
  next: () => Math.random(),
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let start = 0; start < length; start += MAX_RANDOM_BYTES) {
      crypto.getRandomValues(bytes.subarray(start, start + MAX_RANDOM_BYTES));
    }
    return bytes;
  },
};

/**
 * How many turns of Deno's loop pass between two looks at its sockets: tokio's event interval.
 *
 * One `setImmediate` is one turn. With fewer of them an actor that floods itself holds up every socket by tens of
 * milliseconds; all 61 empty turns together cost about 40 µs.
 */
const TURNS_PER_POLL = 61;

class DenoLoop implements EventLoop {
  /** What runs when the turns that are being counted are over. */
  #waiting: (() => void)[] = [];
  /** What came while they were being counted: it is owed a count of its own. */
  #later: (() => void)[] = [];
  #turnsLeft = 0;

  soon(task: () => void): void {
    queueMicrotask(task);
  }

  afterPoll(task: () => void): void {
    if (this.#turnsLeft > 0) {
      this.#later.push(task);
      return;
    }
    this.#waiting.push(task);
    this.#turnsLeft = TURNS_PER_POLL;
    setImmediate(this.#turn);
  }

  nextTurn(task: () => void): void {
    setImmediate(task);
  }

  #turn = (): void => {
    if (--this.#turnsLeft > 0) {
      setImmediate(this.#turn);
      return;
    }
    const tasks = this.#waiting;
    this.#waiting = this.#later;
    this.#later = [];
    if (this.#waiting.length > 0) {
      this.#turnsLeft = TURNS_PER_POLL;
      setImmediate(this.#turn);
    }
    for (const task of tasks) task();
  };
}
