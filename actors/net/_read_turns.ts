/**
 * Who of a crowd is read when, so that nobody waits for long.
 *
 * @module
 */
import { Ring } from "../runtime/ring.ts";
import type { Cancellable, World } from "../world/world.ts";

/** One that reads from its peer, in its turn. */
export interface Reader {
  /** What it does now; its {@linkcode ReadTurns} alone sets it. */
  turn: "none" | "waiting" | "left";
  /** Begins the read. */
  read(): void;
}

/**
 * So many reads that end in one turn of the loop may not be all that could: Deno's lets 128 operations of
 * sockets go on in a turn.
 */
const CROWD = 112;
/** So many of a crowd are read at a time. */
const READS_A_TURN = 128;
/**
 * Who is held back is read again after about this time, if in it fewer of the others than that had anything
 * to say: there is time to spare.
 */
const HOLD_MS = 2;
const FEW_READS = 64;
/** So many crowded turns hold nobody back, at most, after one that did so in vain. */
const MAX_SKIPS = 256;

/**
 * Reads the connections of one server first come, first served, once they are a crowd.
 *
 * Deno's loop (tokio's) lets 128 operations go on in a turn, and what has arrived last goes before what is
 * left over. Of 500 peers who all talk, those who were answered last would be read first, again and again,
 * and the others wait for twenty times as long. So who was read waits until nothing is left over, and then
 * as many reads are under way as go on in one turn: those of the peers who have waited the longest.
 */
export class ReadTurns {
  readonly #world: World;
  /** How many read. */
  #readers = 0;
  /** Who wants to read, the first one first; and how many of them have not left. */
  readonly #queue = new Ring<Reader>();
  #waiting = 0;
  #isScheduled = false;
  /** Reads that have ended in this turn of the loop; and since the timer was set. */
  #ended = 0;
  #endedSince = 0;
  /**
   * Everybody reads at once (`free`); nobody does, until all that is left over was read (`holding`); or those
   * who have waited the longest (`pacing`).
   */
  #mode: "free" | "holding" | "pacing" = "free";
  /** Reads of the queue that are under way and likely to end in the next turn. */
  #underWay = 0;
  /** No read has ended since nobody may read. */
  #isVain = true;
  #timer: Cancellable | undefined;
  /** Crowded turns in which nobody is held back, and how many there will be after the next vain one. */
  #skips = 0;
  #nextSkips = 1;

  constructor(world: World) {
    this.#world = world;
  }

  /** One more connection reads. */
  enter(): void {
    this.#readers++;
  }

  /** A connection reads no more. Twice is fine. */
  leave(reader: Reader): void {
    if (reader.turn === "left") return;
    this.#readers--;
    if (reader.turn === "waiting") this.#waiting--;
    reader.turn = "left";
    if (this.#waiting === 0) this.#beFree();
    else if (!this.isCrowded) this.#schedule();
  }

  /** So many read that not all of them may go on in one turn of the loop. */
  get isCrowded(): boolean {
    return this.#readers >= CROWD;
  }

  /** Has one of a crowd read in its turn: after what was to be written in this one. */
  add(reader: Reader): void {
    if (reader.turn !== "none") return;
    reader.turn = "waiting";
    this.#queue.push(reader);
    this.#waiting++;
    this.#schedule();
  }

  /** A read has ended, and its connection will be told in this turn. */
  ended(): void {
    this.#ended++;
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
    if (!this.isCrowded) return this.#readAll();
    switch (this.#mode) {
      case "free":
        if (ended < CROWD || --this.#skips >= 0) return this.#readAll();
        this.#hold();
        break;
      case "holding":
        this.#isVain = false;
        this.#nextSkips = 1;
        break;
      case "pacing":
        this.#underWay = Math.max(0, this.#underWay - ended);
        return this.#read(READS_A_TURN - this.#underWay);
    }
    if (ended < CROWD || this.#waiting >= this.#readers) {
      this.#mode = "pacing";
      this.#read(READS_A_TURN);
    }
  };

  #hold(): void {
    this.#mode = "holding";
    this.#isVain = true;
    this.#skips = 0;
    this.#watch();
  }

  #readAll(): void {
    this.#read(Infinity);
  }

  #read(most: number): void {
    for (let left = most; left > 0;) {
      const reader = this.#queue.shift();
      if (reader === undefined) return this.#beFree();
      if (reader.turn !== "waiting") continue;
      reader.turn = "none";
      this.#waiting--;
      this.#underWay++;
      left--;
      reader.read();
    }
    this.#watch();
  }

  #beFree(): void {
    this.#mode = "free";
    this.#underWay = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Notices when those who read instead of others have little to say. */
  #watch(): void {
    if (this.#timer !== undefined) return;
    this.#endedSince = 0;
    this.#timer = this.#world.clock.timer(HOLD_MS, () => {
      // A late timer comes before what the sockets have: they are looked at first.
      if (this.#endedSince < FEW_READS) this.#world.loop.afterPoll(this.#look);
      else this.#watchOn();
    });
  }

  #watchOn(): void {
    this.#timer = undefined;
    this.#watch();
  }

  readonly #look = (): void => {
    if (this.#mode === "free") return;
    if (this.#endedSince >= FEW_READS) return this.#watchOn();
    if (this.#mode === "holding" && this.#isVain) {
      this.#skips = this.#nextSkips;
      this.#nextSkips = Math.min(2 * this.#skips, MAX_SKIPS);
    }
    this.#readAll();
  };
}
