/**
 * Who of a crowd is read when, so that nobody waits for long.
 *
 * @module
 */
import type { Cancellable, World } from "../world/world.ts";

/** One that reads from its peer, in its turn. */
export interface Reader {
  /** Begins the read. */
  read(): void;
}

/**
 * So many reads that end in one turn of the loop may not be all that could: Deno's lets 128 operations of
 * sockets go on in a turn.
 */
const CROWD = 112;
/** Who is held back is read again after about this time, if nobody else had anything to say. */
const HOLD_MS = 4;
/** So many crowded turns hold nobody back, at most, after one that did so in vain. */
const MAX_SKIPS = 256;

/**
 * Reads the connections of one server by rounds once they are a crowd: who was read waits until the others
 * were.
 *
 * Deno's loop (tokio's) lets 128 operations go on in a turn, and what has arrived last goes before what is
 * left over. Of 500 peers who all talk, those who were answered last would be read first, again and again,
 * and the others wait for twenty times as long.
 */
export class ReadTurns {
  readonly #world: World;
  /** All that read, and those of them that wait for their turn. */
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<Reader>();
  #isScheduled = false;
  /** Reads that have ended in this turn of the loop; and since it was looked last. */
  #ended = 0;
  #endedSince = 0;
  /** Those that wait are held back for the others. */
  #isHolding = false;
  #isLooking = false;
  #timer: Cancellable | undefined;
  /** Crowded turns in which nobody is held back, and how many there will be after the next vain one. */
  #skips = 0;
  #nextSkips = 1;

  constructor(world: World) {
    this.#world = world;
  }

  /** One more connection reads. */
  enter(reader: Reader): void {
    this.#readers.add(reader);
  }

  /** A connection reads no more. Twice is fine. */
  leave(reader: Reader): void {
    this.#readers.delete(reader);
    this.#waiting.delete(reader);
    if (this.#readers.size === 0) this.#release();
  }

  /** So many read that not all of them may go on in one turn of the loop. */
  get isCrowded(): boolean {
    return this.#readers.size >= CROWD;
  }

  /** Has one of a crowd read in its turn. */
  add(reader: Reader): void {
    this.#waiting.add(reader);
    this.#schedule();
  }

  /** Whether it will read in its turn. */
  isWaiting(reader: Reader): boolean {
    return this.#waiting.has(reader);
  }

  /** A read has ended, and its connection will be told in this turn. */
  ended(): void {
    if (this.#readers.size < CROWD) return;
    this.#ended++;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#world.loop.soon(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isScheduled = false;
    const ended = this.#ended;
    this.#ended = 0;
    this.#endedSince += ended;
    if (this.#waiting.size >= this.#readers.size) return this.#release();
    if (this.#isHolding) {
      // Perhaps these were the last ones.
      if (ended < CROWD) this.#look();
    } else if (ended >= CROWD && --this.#skips < 0) {
      this.#hold();
    } else {
      this.#release();
    }
  };

  #hold(): void {
    this.#isHolding = true;
    this.#skips = 0;
    this.#endedSince = 0;
    this.#timer = this.#world.clock.timer(HOLD_MS, () => this.#look());
  }

  /** Looks whether there are others: sockets are polled before. */
  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const isVain = this.#endedSince === 0;
    this.#endedSince = 0;
    this.#world.loop.afterPoll(() => {
      this.#isLooking = false;
      if (!this.#isHolding) return;
      if (this.#endedSince < CROWD) return this.#end(isVain && this.#endedSince === 0);
      this.#timer?.cancel();
      this.#timer = this.#world.clock.timer(HOLD_MS, () => this.#look());
    });
  }

  /** All were read; or nobody else had anything to say, and they were held back in vain. */
  #end(isVain: boolean): void {
    this.#skips = isVain ? this.#nextSkips : 0;
    this.#nextSkips = isVain ? Math.min(2 * this.#nextSkips, MAX_SKIPS) : 1;
    this.#release();
  }

  #release(): void {
    if (this.#isHolding) {
      this.#isHolding = false;
      this.#timer?.cancel();
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const reader of waiting) reader.read();
  }
}
