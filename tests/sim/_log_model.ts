/**
 * A log that is used and damaged, and what must be in it, for the store's campaign.
 *
 * @module
 */
import { assert } from "@std/assert";
import { LogFile } from "../../actors/store/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";
import { delay } from "./_harness.ts";
import { recordsCostByBit } from "./_rotten_frames.ts";

const FRAMED = "/data/records.log";
const TEXT = "/data/lines.txt";
const ASIDE = "records.log.damaged-";
/** How a framed log begins. */
export const SIGNATURE = { text: "a test's records 1", of: "a test's records" };
const SIGNED_BYTES = 8 + SIGNATURE.text.length;
const encoder = new TextEncoder();

/** A log, and what must be in it. */
export class LogModel {
  readonly #sim: SimWorld;
  readonly #host: SimHost;
  readonly #form: "framed" | "text";
  readonly #path: string;
  /** What was put in its place is known to the disk by the name that it had before. */
  readonly #file: RegExp;
  #log: LogFile | undefined;
  /** All that may be there, in its order. */
  #order: string[] = [];
  /** What must be there. */
  #sure = new Set<string>();
  /** What reached the file, and no sync has covered yet. */
  #flushed: string[] = [];
  /** What the log was to hold when it was being written anew; it may. */
  #anew: string[] | undefined;
  /** Where in the order begins what was appended since. */
  #anewFrom = 0;
  /** How many records damage may cost. */
  #mayLose = 0;
  /**
   * Framed form: a process was killed after a sync that lost its pages, and before it had written them again:
   * what was in them stands in the page cache alone, and the next process cannot know. Until the power goes
   * it is read, and nothing is sure that was not before. (Beside a text a journal stands, which tells.)
   */
  #hasDropped = false;
  /** A sync is to fail and lose its pages, and its batch was not answered yet, or could not be cut back. */
  #isDropping = false;
  #isClosing = false;
  /** Requests to the log that were not answered yet. */
  #underWay = 0;
  /** What somebody else has put behind the records, and nobody has set aside yet. */
  #strange: string[] = [];
  #count = 0;

  constructor(sim: SimWorld, host: SimHost, form: "framed" | "text") {
    this.#sim = sim;
    this.#host = host;
    this.#form = form;
    this.#path = form === "framed" ? FRAMED : TEXT;
    this.#file = form === "framed" ? /records\.log(\.\w+\.tmp)?$/ : /lines\.txt(\.\w+\.tmp)?$/;
  }

  /** What the life before has left is known. */
  get isOpen(): boolean {
    return this.#log !== undefined;
  }

  /** Opens the log, and looks at what is there. */
  async open(world: World): Promise<LogFile> {
    const found: string[] = [];
    const decoder = new TextDecoder();
    const log = await LogFile.open(world.disk, this.#path, {
      form: this.#form,
      replay: (record) => found.push(decoder.decode(record)),
      ...(this.#form === "framed" ? { signature: SIGNATURE } : {}),
      ...(this.#sim.random.chance(0.5) ? { clock: world.clock } : {}),
    });
    this.#check(found);
    this.#checkKept();
    const size = this.#host.disk.read(this.#path)?.length;
    assert(log.length === size, `a log was opened that has ${log.length} bytes of its ${size}`);
    return this.#log = log;
  }

  #check(found: readonly string[]): void {
    if (this.#anew !== undefined && found.includes(this.#anew.at(-1) ?? "")) this.#wasWrittenAnew();
    this.#anew = undefined;
    this.#flushed = [];
    const places = new Map(this.#order.map((record, place) => [record, place]));
    let last = -1;
    for (const record of found) {
      const place = places.get(record);
      assert(place !== undefined, `nobody has appended ${JSON.stringify(record.slice(0, 60))}`);
      assert(place > last, `${record.slice(0, 20)} is there twice, or not in its place`);
      last = place;
    }
    const isFound = new Set(found);
    const lost = [...this.#sure].filter((record) => !isFound.has(record));
    assert(lost.length <= this.#mayLose, `${lost.length} are lost, the first is ${lost[0]?.slice(0, 20)}`);
    this.#sim.sometimes("a bit cost a record", lost.length > 0);
    this.#sim.sometimes("records were lost that nobody was told of", this.#order.length > found.length);
    this.#mayLose = 0;
    // Who reads it now tells others: it counts from now on.
    this.#order = [...found];
    this.#sure = this.#hasDropped
      ? new Set([...this.#sure].filter((record) => isFound.has(record)))
      : isFound;
  }

  /** Opens it and uses it, to the end of the life. */
  async live(world: World): Promise<void> {
    this.#isClosing = false;
    this.#underWay = 0;
    const log = await this.open(world);
    while (!this.#isClosing) {
      await this.#act(log, world.random.next());
      if (world.random.next() < 0.3) await delay(world, world.random.next() * 3);
    }
  }

  #record(): string {
    const { random } = this.#sim;
    const length = random.pick([0, random.integer(0, 200), random.integer(0, 3000), random.integer(0, 9000)]);
    const record = `record ${++this.#count} ${"y".repeat(length)}.`;
    this.#order.push(record);
    return record;
  }

  async #act(log: LogFile, chance: number): Promise<void> {
    const { random } = this.#sim;
    const batch = Array.from({ length: random.integer(1, 4) }, () => this.#record());
    for (const record of batch) log.append(record);
    if (chance < 0.1) return void this.#settled(log.sync(), batch);
    if (chance < 0.2) {
      const operation = random.pick(["write", "write", "sync"] as const);
      const dropsPages = random.chance(0.6);
      this.#isDropping = dropsPages;
      this.#host.disk.failNext(operation, "no-space", { path: this.#file, dropsPages });
    }
    const staysBehind = chance > 0.1 && chance < 0.15;
    if (staysBehind) this.#host.disk.failNext("truncate", "other", { path: this.#file });
    if (this.#form === "framed" && chance > 0.3 && chance < 0.4) await this.#intrude(log);
    const isAnew = chance > 0.9;
    // Half a line of a text that was only flushed may stay: small writes are not announced then.
    const isSynced = chance < 0.75 || this.#form === "text";
    if (isAnew) await Promise.all([this.#rewrite(log, batch), this.#meanwhile(log)]);
    else await (isSynced ? this.#settled(log.sync(), batch) : this.#gathered(this.#flush(log), batch));
    if (chance < 0.2) this.#host.disk.forgetFailures();
    // What could not be cut back is no more on the disk than it was, until something else is written.
    if (!staysBehind) this.#isDropping = false;
  }

  /** Another process writes into the file, at a moment in which the log does not, and syncs nothing. */
  async #intrude(log: LogFile): Promise<void> {
    if (this.#underWay > 0 || !this.#host.isUp) return;
    const { random } = this.#sim;
    const words = random.chance(0.5) ? `by somebody else ${++this.#count} ` : "";
    // A byte in place: of a record, which it may cost.
    const at = words === ""
      ? random.integer(SIGNED_BYTES, Math.max(SIGNED_BYTES, log.length - 1))
      : log.length;
    if (words === "") this.#mayLose++;
    const file = await this.#host.world.disk.open(this.#path, { write: true });
    try {
      await file.write(encoder.encode(words === "" ? "?" : words.repeat(random.integer(1, 40))), at);
    } finally {
      file.close();
    }
    if (words !== "") this.#strange.push(words);
    this.#sim.sometimes(`somebody wrote ${words === "" ? "into" : "behind"} an open log`);
  }

  /** What somebody else has written into a log and is no record is kept beside it. */
  #checkKept(): void {
    const { disk } = this.#host;
    const aside = disk.names("/data").filter((name) => name.startsWith(ASIDE));
    const kept = aside.map((name) => disk.readText(`/data/${name}`)).join("");
    for (const words of this.#strange) assert(kept.includes(words), `${words} is kept nowhere`);
    this.#strange = [];
  }

  /** More comes while the log is being written anew. */
  async #meanwhile(log: LogFile): Promise<void> {
    const { random } = this.#sim;
    while (random.chance(0.5) && this.#host.isUp) {
      await delay(this.#host.world, random.next());
      if (!this.#host.isUp || this.#isClosing) return;
      const record = this.#record();
      log.append(record);
      await this.#settled(log.sync(), [record]);
    }
  }

  /** Half of the time at once, where that can be. */
  async #flush(log: LogFile): Promise<void> {
    const batch = this.#count % 2 === 0 ? log.flushNow() : undefined;
    this.#sim.sometimes("a batch was flushed at once", batch !== undefined);
    if (batch === undefined) await log.flush();
  }

  /** What was written, and counts once a sync was acknowledged. */
  async #gathered(done: Promise<unknown>, batch: readonly string[]): Promise<void> {
    if (await this.#succeeds(done)) this.#flushed.push(...batch);
  }

  /** What was acknowledged must be there; what failed is not, once something later was acknowledged. */
  async #settled(done: Promise<unknown>, batch: readonly string[]): Promise<boolean> {
    const flushed = [...this.#flushed];
    if (!await this.#succeeds(done)) return false;
    if (this.#underWay === 0) this.#isDropping = false;
    // Not what was left out when the log was written anew meanwhile.
    const kept = [...flushed, ...batch].filter((record) => this.#order.includes(record));
    for (const record of kept) this.#sure.add(record);
    this.#flushed = this.#flushed.filter((record) => !flushed.includes(record));
    return true;
  }

  async #succeeds(done: Promise<unknown>): Promise<boolean> {
    const log = this.#log;
    this.#underWay++;
    try {
      await done.finally(() => this.#isOver(log) ? new Promise(() => {}) : undefined);
      this.#checkKept();
      return true;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      this.#sim.sometimes("a batch failed");
      return false;
    } finally {
      this.#underWay--;
    }
  }

  /** A process that dies at what is done when it returns goes on to its next wait, and tells nobody. */
  #isOver(log: LogFile | undefined): boolean {
    return !this.#host.isUp || this.#log !== log;
  }

  async #rewrite(log: LogFile, batch: readonly string[]): Promise<void> {
    if (this.#form === "text") {
      await this.#settled(log.sync(), batch);
      if (log.pendingBytes > 0) return;
    }
    const lines = () => {
      this.#anew = [...this.#order.slice(-5), this.#record()];
      this.#anewFrom = this.#order.length;
      return this.#anew;
    };
    try {
      if (this.#form === "framed") {
        await log.rewrite(() => lines().map((line) => encoder.encode(line)));
      } else {
        await log.replaceText(new TextEncoder().encode(lines().map((line) => `${line}\n`).join("")));
      }
      this.#sim.sometimes("a log was written anew");
      this.#wasWrittenAnew();
      this.#anew = undefined;
      this.#flushed = [];
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
    }
  }

  #wasWrittenAnew(): void {
    const anew = this.#anew ?? [];
    const since = this.#order.slice(this.#anewFrom);
    this.#order = [...anew, ...since];
    this.#sure = new Set([...anew, ...since.filter((record) => this.#sure.has(record))]);
  }

  /**
   * Ends its use in good order: what was appended is there, also what was flushed alone. False where its last
   * sync failed.
   */
  async close(): Promise<boolean> {
    const log = this.#log;
    this.#isClosing = true;
    if (log === undefined || !this.#host.isUp) return false;
    const sim = this.#sim;
    await sim.advance(50);
    const isFlushed = sim.random.chance(0.5);
    const waiting = Array.from({ length: sim.random.integer(0, 2) }, () => this.#record());
    for (const record of waiting) log.append(record);
    if (isFlushed) await sim.settle(this.#gathered(this.#flush(log), waiting));
    const nothingWaits = log.pendingBytes === 0 && this.#flushed.length > 0;
    sim.sometimes("all was flushed when a log was closed", nothingWaits);
    // What was flushed earlier may have shared the sync of something else.
    const isUnsynced = waiting.length > 0 &&
      waiting.every((record) => this.#flushed.includes(record) || !isFlushed);
    // Of a text that was only flushed, half a line or a hole may stay when the power goes.
    const fails = sim.random.chance(0.5) && !(isFlushed && this.#form === "text");
    const { disk } = this.#host;
    if (fails) disk.failNext("sync", "other", { path: this.#file, dropsPages: sim.random.chance(0.5) });
    const isClosed = await sim.settle(this.#settled(log.close(), isFlushed ? [] : waiting));
    disk.forgetFailures();
    assert(isClosed || fails, "a log could not be closed");
    assert(!isClosed || !fails || !isUnsynced, "a log was closed whose last sync had failed");
    sim.sometimes(isClosed ? "a log was closed in good order" : "a sync failed when a log was closed");
    if (isClosed) {
      assert(disk.read(`${this.#path}.journal`) === undefined, "a journal was left in good order");
    }
    return isClosed;
  }

  shut(): Promise<void> {
    return this.#log?.close() ?? Promise.resolve();
  }

  /** Nobody has it open, and all is on the disk: a bit turns over, or a person shortens the last line. */
  atRest(): void {
    this.#log = undefined;
    if (this.#sim.random.chance(0.5)) return;
    if (this.#form === "text") return this.#shorten();
    const { disk } = this.#host;
    if (disk.rot(this.#path) === undefined) return;
    this.#mayLose += recordsCostByBit(disk.read(this.#path) ?? new Uint8Array());
  }

  #shorten(): void {
    const { disk } = this.#host;
    const text = disk.readText(TEXT) ?? "";
    const [, before = "", line] = /^([^]*\n|)(.+)\n$/.exec(text) ?? [];
    if (line === undefined || this.#order.at(-1) !== line) return;
    // Its number stays: no two lines are alike.
    const [start = ""] = /^\D*\d+/.exec(line) ?? [];
    const shorter = line.slice(0, Math.max(start.length, Math.ceil(line.length / 2)));
    if (shorter === line) return;
    this.#order = [...this.#order.slice(0, -1), shorter];
    this.#sure.delete(line);
    this.#sure.add(shorter);
    this.#sim.sometimes("a person shortened the last line");
    disk.write(TEXT, before + shorter);
  }

  /** The page cache is gone: what is read from now on is on the disk. */
  powerGone(): void {
    this.#hasDropped = this.#isDropping = false;
    this.#strange = [];
  }

  /** A person types half a line where a crash has left whole ones. */
  afterCrash(): void {
    this.#log = undefined;
    this.#hasDropped ||= this.#isDropping && this.#form === "framed";
    this.#isDropping = false;
    const { disk } = this.#host;
    if (this.#form === "framed" || this.#sim.random.chance(0.6)) return;
    const text = disk.readText(TEXT);
    if (text === undefined || (text !== "" && !/^[^\0]*\n$/.test(text))) return;
    const typed = `by hand ${++this.#count}`;
    this.#order.push(typed);
    this.#sure.add(typed);
    this.#sim.sometimes("a person typed half a line");
    disk.write(TEXT, text + typed);
    // A log that was being written anew stays as the person has found it.
    if (this.#anew !== undefined && !text.includes(this.#anew.at(-1) ?? "")) this.#anew = undefined;
  }
}
