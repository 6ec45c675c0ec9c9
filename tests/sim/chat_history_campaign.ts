/**
 * The chat's history alone, over many lives of its machine: what was said in many small rooms, on a disk that
 * tears, fails and rots, beside a model of which lines must be there.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { history } from "../../actors/chat/history.ts";
import type { HistoryCommand } from "../../actors/chat/owner_messages.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { ActorSystem, escalate, type Ref } from "../../mod.ts";
import { MAX_HISTORY_LINES } from "../../protocols/chat.ts";
import { type Campaign, TEARING } from "./_harness.ts";
import { recordsCostByBit } from "./_rotten_frames.ts";

const FILE = "/data/history.log";
const LIVES = 8;
const STEPS = 14;
const ROOMS = ["tea", "games", "lobby", "anna", "owls", "rain", "night"];
/** Room for four rooms or so that are full, or for all. */
const MAX_LENGTHS = [4 * MAX_HISTORY_LINES * 190, 1e6];
/** What each line counts for beside its text, as the option's documentation has it. */
const LINE_LENGTH = 128;
/** Who says something is told so in this time, whatever the disk does. */
const KEPT_MS = 2000;
/** Longer than the history waits after a file that could not be written anew. */
const MADE_GOOD_MS = 1500;

/** The history as it is. */
export const chatHistory: Campaign = {
  name: "chat's history under chaos",
  sometimes: [
    ...["a room was full", "a room was forgotten", "a line was lost with the power", "a bit cost a line"],
    ...["lines could not be kept", "the history was closed in good order"],
    ...["fault: power cut", "fault: killed", "fault: write fails", "fault: sync fails, pages dropped"],
    ...["fault: crash during write", "fault: crash before sync", "fault: bit rot"],
    ...["fault: power cut leaves length before data", "fault: power cut leaves garbage"],
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const host = sim.host("server");
  host.disk.makeDirectory("/data");
  host.disk.tearing = TEARING;
  const life = new Lives(sim, host);
  for (let count = 0; count < LIVES; count++) await life.live();
}

interface Line {
  readonly room: string;
  readonly text: string;
  /** Its keeper was told that it is as safe as it will be. */
  isTold: boolean;
  /** The disk failed since, or just then: it may stand in memory alone. */
  isDoubtful: boolean;
  /**
   * A process died before it could put right what its disk had failed to sync: until the power goes, nobody
   * can tell whether the page cache alone holds it.
   */
  isCached: boolean;
}

/** What of these lines a history has to hold: the last ones of each room, and not too many rooms. */
function heldOf(lines: readonly Line[], maxLength: number): Map<string, string[]> {
  const held = new Map<string, string[]>();
  const length = () => [...held.values()].flat().reduce((sum, text) => sum + LINE_LENGTH + text.length, 0);
  for (const { room, text } of lines) {
    const texts = [...held.get(room) ?? [], text].slice(-MAX_HISTORY_LINES);
    // The room in which something was said last is the last one.
    held.delete(room);
    held.set(room, texts);
    while (held.size > 1 && length() > maxLength) {
      const [oldest = ""] = held.keys();
      held.delete(oldest);
    }
  }
  return held;
}

class Lives {
  readonly #sim: SimWorld;
  readonly #host: SimHost;
  readonly #maxLength: number;
  #history: Ref<HistoryCommand> | undefined;
  /** What may be there, in the order in which it was said. */
  #lines: Line[] = [];
  /** All that was ever said. */
  readonly #said: Line[] = [];
  /** How many lines a bit that turned over since it was looked at may cost; 0 when none has. */
  #mayLose = 0;
  #count = 0;
  /** Power cuts that the last look has seen the outcome of. */
  #cuts = 0;

  constructor(sim: SimWorld, host: SimHost) {
    this.#sim = sim;
    this.#host = host;
    this.#maxLength = sim.random.pick(MAX_LENGTHS);
  }

  /** One life of the machine, from the look at what the one before has left to its end. */
  async live(): Promise<void> {
    const { random } = this.#sim;
    this.#host.restart((world: World) => {
      const system = new ActorSystem("chat", { world });
      this.#history = system.spawn("history", history({ file: FILE, maxLength: this.#maxLength }), {
        onFailure: escalate(),
      });
      return { stop: () => system.stop() };
    });
    this.#check(await this.#held());
    const isCalm = random.chance(0.3);
    const how = random.chance(0.7) ? "crash" : "kill";
    if (!isCalm) {
      const when = random.pick(["before", "during", "after"] as const);
      this.#host.crashAt({ when, skip: random.integer(0, 50), how });
    }
    for (let step = 0; step < STEPS && this.#host.isUp; step++) await this.#step();
    if (isCalm) return await this.#rest();
    if (how === "crash") this.#host.crash();
    else this.#host.kill();
    this.#host.disk.forgetFailures();
  }

  /** Ends in good order; and then a bit may turn over. */
  async #rest(): Promise<void> {
    const { random } = this.#sim;
    await this.#makeGood();
    if (random.chance(0.5)) {
      await this.#host.shutDown();
      this.#sim.sometimes("the history was closed in good order");
    }
    this.#host.crash();
    // Where rooms are forgotten, a lost line moves the moment at which one is.
    if (this.#maxLength < Math.max(...MAX_LENGTHS) || random.chance(0.3)) return;
    const { disk } = this.#host;
    if (disk.rot(FILE) === undefined) return;
    this.#mayLose = recordsCostByBit(disk.read(FILE) ?? new Uint8Array());
  }

  async #step(): Promise<void> {
    const { random } = this.#sim;
    if (random.chance(0.1)) return await this.#failing();
    // Several rooms may wait for the disk at once, with fewer lines than a room has: so what was saved of
    // them is seen.
    if (random.chance(0.2)) await this.#told(this.#keep(random.integer(10, 40)));
    else await this.#told(Array.from({ length: random.integer(1, 3) }, () => this.#keep()).flat());
    if (random.chance(0.15)) await this.#look();
  }

  /** A disk that fails silences nobody; what it did not take is there once it works again. */
  async #failing(): Promise<void> {
    const { random } = this.#sim;
    const { disk } = this.#host;
    const operation = random.pick(["write", "sync", "sync"] as const);
    const from = this.#host.log.records.length;
    disk.failNext(operation, random.pick(["no-space", "other"] as const), {
      dropsPages: random.chance(0.6),
    });
    const lines = this.#keep();
    for (const line of lines) line.isDoubtful = true;
    await this.#told(lines);
    disk.forgetFailures();
    const news = this.#host.log.records.slice(from);
    const isSaid = news.some(({ fields }) => fields?.event === "history-not-kept");
    this.#sim.sometimes("lines could not be kept", isSaid);
    // The power may go before the file is made good.
    if (random.chance(0.3)) this.#host.crash();
    else await this.#makeGood();
  }

  /** The disk works: soon all that is held is safe. */
  async #makeGood(): Promise<void> {
    for (let turn = 0; turn < 2 && this.#host.isUp; turn++) {
      await this.#told(this.#keep());
      await this.#sim.advance(MADE_GOOD_MS);
    }
    if (!this.#host.isUp) return;
    for (const line of this.#lines) line.isDoubtful = false;
    await this.#look();
  }

  /** Says something in some room. */
  #keep(count = this.#sim.random.integer(1, 5)): Line[] {
    const { random } = this.#sim;
    const room = random.pick(ROOMS);
    const lines = Array.from({ length: count }, (): Line => ({
      room,
      text: `line ${++this.#count} ${"x".repeat(random.integer(0, 100))}`,
      isTold: false,
      isDoubtful: false,
      isCached: false,
    }));
    this.#lines.push(...lines);
    this.#said.push(...lines);
    const texts = lines.map(({ text }) => text);
    this.#history?.ask((replyTo: Ref<void>) => ({ type: "keep", room, lines: texts, replyTo }), {
      timeoutMs: 60_000,
    }).then(() => {
      for (const line of lines) line.isTold = true;
    }, () => {});
    return lines;
  }

  /** All are told in time, unless the machine dies. */
  async #told(lines: readonly Line[]): Promise<void> {
    const isOver = () => !this.#host.isUp || lines.every(({ isTold }) => isTold);
    await this.#sim.until(isOver, KEPT_MS, "who said something to be told that it is kept");
  }

  /** What the history holds, room by room. */
  async #held(): Promise<Map<string, readonly string[]>> {
    const held = new Map<string, readonly string[]>();
    for (const room of ROOMS) {
      const texts = await this.#sim.settle(
        this.#history?.ask(
          (replyTo: Ref<readonly string[]>) => ({ type: "last", room, lines: Infinity, replyTo }),
          { timeoutMs: 10_000 },
        ) ?? Promise.resolve([]),
      );
      if (texts.length > 0) held.set(room, texts);
    }
    return held;
  }

  /** While all is well, it holds exactly what the model says. */
  async #look(): Promise<void> {
    if (!this.#host.isUp) return;
    const asked = this.#held().catch(() => undefined);
    const held = await this.#sim.settle(asked, 20_000).catch((error: unknown) => {
      if (this.#host.isUp) throw error;
    });
    if (held === undefined || !this.#host.isUp) return;
    const expected = heldOf(this.#lines, this.#maxLength);
    for (const room of ROOMS) assertEquals(held.get(room) ?? [], expected.get(room) ?? [], room);
    this.#sim.sometimes(
      "a room was full",
      [...held.values()].some(({ length }) => length >= MAX_HISTORY_LINES),
    );
    this.#sim.sometimes(
      "a room was forgotten",
      held.size < new Set(this.#lines.map(({ room }) => room)).size,
    );
  }

  /** After a life: all that was told is there, and of what was under way whatever was saved. */
  #check(held: ReadonlyMap<string, readonly string[]>): void {
    const found = new Set([...held.values()].flat());
    const isSure = ({ isTold, isDoubtful, isCached }: Line) => isTold && !isDoubtful && !isCached;
    const there = this.#lines.filter((line) => isSure(line) || found.has(line.text));
    this.#sim.sometimes("a line was lost with the power", there.length < this.#lines.length);
    const expected = heldOf(there, this.#maxLength);
    const meanwhile = this.#heldMeanwhile(there);
    const lost: string[] = [];
    for (const room of ROOMS) {
      const [texts, wanted] = [held.get(room) ?? [], expected.get(room) ?? []];
      if (this.#mayLose === 0 && texts.join("\n") === (meanwhile.get(room) ?? []).join("\n")) continue;
      if (this.#mayLose === 0 && this.#isWithoutCached(room, texts, wanted)) continue;
      if (this.#mayLose === 0) assertEquals(texts, wanted, `${room} is not what was said in it`);
      else lost.push(...this.#lostOf(room, texts, wanted));
    }
    this.#sim.sometimes("a bit cost a line", lost.length > 0);
    assert(lost.length <= this.#mayLose, `a bit cost ${lost.length} lines, the first is ${lost[0]}`);
    this.#mayLose = 0;
    // What is there now was seen, and is not to go.
    this.#lines = this.#said.filter(({ text }) => found.has(text));
    const cuts = this.#sim.tally.get("fault: power cut");
    for (const line of this.#lines) {
      line.isCached = cuts === this.#cuts && (line.isDoubtful || line.isCached);
      [line.isTold, line.isDoubtful] = [true, false];
    }
    this.#cuts = cuts;
  }

  /** What is there, if what was lost with the power had rooms forgotten before it was. */
  #heldMeanwhile(there: readonly Line[]): Map<string, string[]> {
    const texts = new Set(there.map(({ text }) => text));
    const held = heldOf(this.#lines, this.#maxLength);
    return new Map([...held].map(([room, lines]) => [room, lines.filter((line) => texts.has(line))]));
  }

  /**
   * Whether it is what a room has whose last lines were in the page cache alone, and went with the power:
   * what they had pushed out is held again, or the room is forgotten, which was not the oldest with these.
   */
  #isWithoutCached(room: string, texts: readonly string[], wanted: readonly string[]): boolean {
    const said = this.#said.filter((line) => line.room === room);
    const gone = this.#lines.filter((line) =>
      line.room === room && line.isCached && !texts.includes(line.text)
    );
    const last = gone.at(-1);
    if (last === undefined) return false;
    const older = said.map(({ text }) => text).filter((text) =>
      texts.includes(text) && !wanted.includes(text)
    );
    const areBack = older.length > 0 && older.length <= gone.length;
    this.#sim.sometimes("what was pushed out by what was lost was held again", areBack);
    if (areBack) return [...older, ...wanted].join("\n") === texts.join("\n");
    const since = said.slice(said.indexOf(last)).map(({ text }) => text).filter((text) =>
      wanted.includes(text)
    );
    return this.#maxLength < Math.max(...MAX_LENGTHS) && since.join("\n") === texts.join("\n");
  }

  /** The lines of a damaged history that are gone; older ones may stand in their place. */
  #lostOf(room: string, texts: readonly string[], wanted: readonly string[]): readonly string[] {
    const order = this.#said.filter((line) => line.room === room).map(({ text }) => text);
    const places = texts.map((text) => order.indexOf(text));
    assert(places.every((place, index) => place > (places[index - 1] ?? -1)), `${room} is not in its order`);
    assert(texts.length <= MAX_HISTORY_LINES, `${texts.length} lines of ${room} are held`);
    return wanted.filter((text) => !texts.includes(text));
  }
}
