import { assert, assertEquals } from "@std/assert";
import { type Reader, ReadTurns } from "../../actors/net/_read_turns.ts";
import { denoWorld, type World } from "../../mod.ts";

/** What Deno's loop lets go on in one turn. */
const BUDGET = 128;

/** Tasks that run when they are told to. */
class Tasks {
  #due: (() => void)[] = [];

  add(task: () => void): void {
    this.#due.push(task);
  }

  run(): void {
    for (const task of this.#due.splice(0)) task();
  }
}

/** Deno's loop: in a turn a budget of reads go on, and what arrived last goes first. */
class Loop {
  readonly soon = new Tasks();
  readonly polled = new Tasks();
  timers = new Set<() => void>();
  readonly turns: ReadTurns;
  /** Those that read and whose peers have said something, in the order in which they are served. */
  ready: Talker[] = [];
  #left: Talker[] = [];
  /** Turns so far. */
  count = 0;

  constructor() {
    const world: World = {
      ...denoWorld(),
      loop: {
        soon: (task) => this.soon.add(task),
        afterPoll: (task) => this.polled.add(task),
        nextTurn: () => {},
      },
      clock: {
        ...denoWorld().clock,
        monotonic: () => 0,
        timer: (_delayMs, task) => {
          this.timers.add(task);
          return { cancel: () => void this.timers.delete(task) };
        },
      },
    };
    this.turns = new ReadTurns(world);
  }

  /** A turn; says how many reads have ended in it. */
  turn(): number {
    this.count++;
    const order = [...this.ready, ...this.#left];
    this.ready = [];
    this.#left = order.slice(BUDGET);
    const ended = order.slice(0, BUDGET);
    for (const talker of ended) talker.served();
    this.soon.run();
    this.polled.run();
    return ended.length;
  }

  /** The time of all timers comes. */
  tick(): void {
    const due = [...this.timers];
    this.timers.clear();
    for (const task of due) task();
  }
}

/** A peer that says the next thing as soon as it is answered, so often. */
class Talker implements Reader {
  turn: Reader["turn"] = "none";
  readonly #loop: Loop;
  #left: number;
  heard = 0;
  /** When it was heard last, and how many turns it has waited for that at most. */
  #heardAt = 0;
  waited = 0;

  constructor(loop: Loop, says: number) {
    this.#loop = loop;
    this.#left = says;
    loop.turns.enter();
  }

  read(): void {
    if (this.#left-- > 0) this.#loop.ready.push(this);
  }

  /** Says no more. */
  fallSilent(): void {
    this.#left = 0;
  }

  served(): void {
    this.heard++;
    this.waited = Math.max(this.waited, this.#loop.count - this.#heardAt);
    this.#heardAt = this.#loop.count;
    this.#loop.turns.ended();
    this.next();
  }

  next(): void {
    if (this.#loop.turns.isCrowded) this.#loop.turns.add(this);
    else this.read();
  }
}

function crowd(loop: Loop, count: number, says: number): Talker[] {
  const talkers = Array.from({ length: count }, () => new Talker(loop, says));
  for (const talker of talkers) talker.next();
  loop.soon.run();
  return talkers;
}

Deno.test("reads: of a crowd nobody is two messages ahead of anybody", () => {
  const loop = new Loop();
  const talkers = crowd(loop, 500, Infinity);
  for (let turn = 0; turn < 200; turn++) {
    loop.turn();
    const heard = talkers.map(({ heard }) => heard);
    assert(Math.max(...heard) - Math.min(...heard) <= 1, `turn ${turn}: ${Math.min(...heard)}`);
    if (turn > 8) assert(loop.ready.length <= BUDGET, `turn ${turn}: ${loop.ready.length} reads`);
  }
  assert(talkers.every(({ heard }) => heard >= 40));
  // Of 500, 128 a turn: who was heard is heard again in the fourth turn after, or in the next one.
  const longest = Math.max(...talkers.map(({ waited }) => waited));
  assert(longest <= 5, `heard after ${longest} turns`);
});

Deno.test("reads: who waits behind others that have fallen silent is read after a while", () => {
  const loop = new Loop();
  const talkers = crowd(loop, 500, Infinity);
  for (let turn = 0; turn < 20; turn++) loop.turn();
  for (const talker of talkers.slice(0, 300)) talker.fallSilent();
  const before = talkers.map(({ heard }) => heard);
  for (let turn = 0; turn < 40; turn++) {
    loop.turn();
    if (turn % 4 === 0) loop.tick();
  }
  talkers.slice(300).forEach(({ heard }, index) => {
    const more = heard - (before[300 + index] ?? 0);
    assert(more >= 15, `talker ${300 + index} was heard ${more} times more`);
  });
});

Deno.test("reads: a few are read at once, in no round", () => {
  const loop = new Loop();
  const talkers = crowd(loop, 100, Infinity);
  assertEquals(loop.ready.length, 100);
  for (let turn = 0; turn < 10; turn++) assertEquals(loop.turn(), 100);
  assert(talkers.every(({ heard }) => heard === 10));
  assertEquals(loop.timers.size, 0);
});

Deno.test("reads: those who wait for others that say nothing are read after a while, and soon do not wait", () => {
  const loop = new Loop();
  crowd(loop, 400, 0);
  const talkers = crowd(loop, 120, Infinity);
  let held = 0;
  for (let turn = 0; turn < 1000; turn++) {
    if (loop.turn() > 0) continue;
    held++;
    loop.tick();
    loop.polled.run();
  }
  assert(held > 0 && held < 20, `held back ${held} times`);
  assert(talkers.every(({ heard }) => heard > 900));
});

Deno.test("reads: who leaves is not waited for", () => {
  const loop = new Loop();
  const talkers = crowd(loop, 200, Infinity);
  loop.turn();
  loop.turn();
  assertEquals(talkers.filter(({ heard }) => heard === 1).length, 200);
  for (const talker of talkers.slice(50)) loop.turns.leave(talker);
  // A few: each is read at once.
  const before = loop.ready.length;
  talkers[0]?.served();
  assertEquals(loop.ready.length, before + 1);
});
