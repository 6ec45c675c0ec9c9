/**
 * A text log into which others write while it is open, and which cannot always be read, for the store's
 * campaign: people add lines, correct one in place, save the whole text, put another file in its place.
 *
 * @module
 */
import { assert } from "@std/assert";
import { type Batch, LogFile } from "../../actors/store/mod.ts";
import type { CrashOrder, SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";
import { newLine, TextLines } from "./_text_lines.ts";
import { TextPeople } from "./_text_people.ts";

const PATH = "/data/lines.txt";
/** What was put in its place is known to the disk by the name that it had before. */
const FILE = /lines\.txt(\.\w+\.tmp)?$/;
const LIVES = 6;
const encoder = new TextEncoder();

/** What is to go wrong at a commit. */
interface Faults {
  /** They may fail more than the batch: what was written stays, or what was lost. */
  readonly several: boolean;
  readonly drops: boolean;
}

/** Lives of a machine on which a text is written by a log and by people. */
export class SharedText {
  readonly #sim: SimWorld;
  readonly #host: SimHost;
  readonly #text = new TextLines();
  readonly #people: TextPeople;
  #log: LogFile | undefined;
  /** The text as somebody has it who is told what is new in it. */
  #followed = "";
  /** A batch failed, and what it left or lost was not put right yet. */
  #isUnsettled = false;
  /** A sync lost its pages, and no later one was acknowledged. */
  #drops = false;
  /** Somebody has written the text anew in place: until it is synced, a power cut may leave any of it. */
  #isFragile = false;
  /** The page cache is gone. */
  #isCut = false;
  #isKilledIdle = false;

  constructor(sim: SimWorld, host: SimHost) {
    this.#sim = sim;
    this.#host = host;
    this.#people = new TextPeople(sim, host, PATH, this.#text);
  }

  /** What is rare by chance comes first, by the seed; then anything. */
  async run(): Promise<void> {
    this.#host.disk.makeDirectory("/data");
    const rare = this.#sim.seed % 6;
    if (rare === 0) await this.#takenBackFromEmpty();
    if (rare === 1) await this.#killedAtRename();
    if (rare === 2) await this.#killedAtWrite();
    if (rare === 3) await this.#cutAfterFailure();
    if (rare === 4) await this.#killedAtSync();
    for (let life = 0; life < LIVES; life++) {
      await this.#open();
      for (let steps = this.#sim.random.integer(0, 8); steps > 0; steps--) await this.#step();
      await this.#end();
    }
    await this.#open();
    await this.#sim.settle(this.#opened().close());
    this.#checkDurable();
  }

  /** Into a file that was there, and empty, a batch is written and taken back; then the process is killed. */
  async #takenBackFromEmpty(): Promise<void> {
    this.#host.disk.write(PATH, "");
    await this.#open();
    const operation = this.#sim.random.pick(["write", "sync"] as const);
    this.#host.disk.failNext(operation, "other", { path: FILE });
    await this.#doomed({ operation: "truncate", when: "after", how: "kill" }, [
      this.#text.compose(this.#sim.random, 6000),
    ]);
    await this.#open();
    this.#cutPower();
  }

  /** What a killed process has put in place is written into by the next one; then the power goes. */
  async #killedAtRename(): Promise<void> {
    await this.#open();
    await this.#commit();
    const anew = this.#text.compose(this.#sim.random);
    const text = [...this.#text.lines.map(({ text }) => text), anew].map((line) => `${line}\n`).join("");
    this.#host.crashAt({ operation: "rename", when: "after", how: "kill" });
    await this.#untilDown(this.#opened().replaceText(encoder.encode(text)), [anew]);
    this.#host.kill();
    await this.#open();
    await this.#commit();
    this.#cutPower();
  }

  /** A process is killed in the middle of a long write; while the next one looks at it the power goes. */
  async #killedAtWrite(): Promise<void> {
    await this.#open();
    await this.#commit();
    const order = { operation: "write", when: "during", how: "kill" } as const;
    await this.#doomed(order, [
      this.#text.compose(this.#sim.random, 6000),
      this.#text.compose(this.#sim.random, 6000),
    ]);
    await this.#cutWhileOpening({ operation: "sync", when: "before" });
  }

  /** A batch fails, and is taken back, or cannot be; the power goes in the middle of the next. */
  async #cutAfterFailure(): Promise<void> {
    const { random } = this.#sim;
    await this.#open();
    await this.#commit();
    const operation = random.pick(["write", "sync"] as const);
    const count = operation === "sync" ? 2 : 1;
    this.#host.disk.failNext(operation, "other", { path: FILE, count });
    const lines = this.#batch(1, 6000);
    const batch = await this.#sim.settle(outcomeOf(this.#opened().sync()));
    this.#settled([{ lines, batch }], true, { several: count > 1, drops: false });
    const order = {
      operation: random.pick(["write", "sync"] as const),
      when: "before",
      how: "crash",
    } as const;
    await this.#doomed(order, [this.#text.compose(random)]);
  }

  /** What was only flushed is lost by a sync that fails, and its process is killed before it writes again. */
  async #killedAtSync(): Promise<void> {
    await this.#open();
    const lines = this.#batch(2, 100);
    const batch = await this.#sim.settle(outcomeOf(this.#opened().flush()));
    this.#settled([{ lines, batch }], false, undefined);
    this.#host.disk.failNext("sync", "other", { path: FILE, dropsPages: true });
    this.#lost();
    await this.#doomed({ operation: "write", when: "before", how: "kill" }, []);
  }

  #opened(): LogFile {
    assert(this.#log !== undefined);
    return this.#log;
  }

  #start(): { readonly found: string[]; readonly opening: Promise<LogFile> } {
    this.#host.restart(() => {});
    const { disk, clock } = this.#host.world;
    const found: string[] = [];
    const decoder = new TextDecoder();
    const opening = LogFile.open(disk, PATH, {
      form: "text",
      replay: (line) => found.push(decoder.decode(line)),
      ...(this.#sim.random.chance(0.5) ? { clock } : {}),
    });
    return { found, opening };
  }

  /** What is read when it is opened is what must be there, and on the disk from then on. */
  async #open(): Promise<void> {
    const { random } = this.#sim;
    if (!this.#isFragile && random.chance(0.2)) {
      const operation = random.pick(["sync", "truncate", "remove", "write"] as const);
      await this.#cutWhileOpening({ operation, when: random.pick(["before", "during", "after"]) });
    }
    const { found, opening } = this.#start();
    const isSaved = this.#isKilledIdle && random.chance(0.4) && await this.#saveMeanwhile();
    const log = await this.#sim.settle(opening);
    this.#log = log;
    // Who saves meanwhile has saved it, whatever was read.
    if (!isSaved) this.#read(found);
    this.#isUnsettled =
      this.#drops =
      this.#isFragile =
      this.#isCut =
      this.#isKilledIdle =
        false;
    this.#checkShown();
    this.#checkDurable();
    const text = this.#host.disk.readText(PATH) ?? "";
    this.#followed = text.slice(0, log.length);
    assert(isSaved || this.#followed === text, `a log has ${log.length} bytes of ${text.length}`);
  }

  #read(found: readonly string[]): void {
    this.#text.read(found, { power: this.#isCut, drops: this.#drops && (this.#isCut || this.#isUnsettled) });
  }

  /** Opens it, and the power goes before it is open; where that is too late, right afterwards. */
  async #cutWhileOpening(order: CrashOrder): Promise<void> {
    const { found, opening } = this.#start();
    this.#host.crashAt({ path: /lines\.txt/, ...order, how: "crash" });
    let isOpen = false;
    opening.then(() => isOpen = true, () => {});
    await this.#sim.until(() => isOpen || !this.#host.isUp, 1000);
    this.#sim.sometimes("the power went while a text was opened", !this.#host.isUp);
    if (this.#host.isUp) {
      this.#read(found);
      this.#drops = this.#isUnsettled = false;
    }
    this.#isKilledIdle = false;
    this.#cutPower();
  }

  /** A person saves the text at the moment in which the next process reads it. */
  async #saveMeanwhile(): Promise<boolean> {
    const { disk, world } = this.#host;
    const text = disk.readText(PATH) ?? "";
    // Elsewhere a look and a write each take their time.
    if (world.disk.statNow === undefined || text === "") return false;
    const isRead = () => disk.underWay.some(({ operation, path }) => operation === "read" && path === PATH);
    await this.#sim.until(isRead, 100);
    await this.#sim.advance(this.#sim.random.between(0, 0.2));
    const saved = this.#text.compose(this.#sim.random);
    disk.write(PATH, `${saved}\n${text}`);
    this.#text.lines.unshift(newLine(saved));
    this.#text.synced();
    this.#sim.sometimes("a person saved a text that was being opened");
    return true;
  }

  async #step(): Promise<void> {
    const { random } = this.#sim;
    if (!this.#isUnsettled && random.chance(0.4)) return await this.#others();
    await this.#commit(random.chance(0.4) ? this.#arm() : undefined);
  }

  /** Has one thing fail, and perhaps what would put it right. */
  #arm(): Faults {
    const { random } = this.#sim;
    const { disk } = this.#host;
    const operation = random.pick(["sync", "sync", "write", "read"] as const);
    const drops = operation === "sync" && random.chance(0.6);
    const count = operation === "sync" && random.chance(0.3) ? 2 : 1;
    disk.failNext(operation, "other", { path: FILE, count, dropsPages: drops });
    const also = operation === "read"
      ? undefined
      : random.pick([undefined, undefined, "truncate", "read"] as const);
    if (also !== undefined) disk.failNext(also, "other", { path: FILE });
    return { several: count > 1 || also !== undefined, drops };
  }

  /** Appends and has it written, by one commit or by two of which the second waits for the first. */
  async #commit(faults?: Faults): Promise<void> {
    const { random } = this.#sim;
    const log = this.#opened();
    // Half a line of what was only flushed may stay: small writes are not announced then.
    const isDurable = faults !== undefined || random.chance(0.6);
    const first = this.#batch(random.integer(0, 2));
    const ofFirst = outcomeOf(isDurable ? log.sync() : log.flush());
    if (random.chance(0.6)) {
      const batch = await this.#sim.settle(ofFirst);
      return this.#settled([{ lines: first, batch }], isDurable, faults);
    }
    const second = this.#batch(random.integer(0, 1));
    const ofSecond = outcomeOf(log.flush());
    const third = this.#batch(1);
    const ofThird = outcomeOf(log.sync());
    const [a, b, c] = await this.#sim.settle(Promise.all([ofFirst, ofSecond, ofThird]));
    assert(b === c, "of those that share a commit some are told that it failed");
    const isOneFault = faults !== undefined && !faults.several;
    assert(a !== undefined || c !== undefined || !isOneFault, "a commit failed since the one before it had");
    this.#sim.sometimes("what waited behind a commit that failed was committed", !a && c !== undefined);
    this.#settled([{ lines: first, batch: a }, { lines: [...second, ...third], batch: c }], true, faults);
  }

  #batch(count: number, length?: number): string[] {
    const lines = Array.from({ length: count }, () => this.#text.compose(this.#sim.random, length));
    for (const line of lines) this.#opened().append(line);
    return lines;
  }

  #settled(
    batches: readonly { readonly lines: readonly string[]; readonly batch: Batch | undefined }[],
    isDurable: boolean,
    faults: Faults | undefined,
  ): void {
    this.#host.disk.forgetFailures();
    assert(faults !== undefined || batches.every(({ batch }) => batch), "a batch failed, and nothing had");
    if (faults?.drops) this.#lost();
    for (const { lines, batch } of batches) {
      if (batch !== undefined) {
        this.#follow(batch);
        // What failed before it was put right first.
        this.#isUnsettled = false;
        this.#text.maybe = [];
        this.#text.lines.push(...lines.map((line) => newLine(line)));
        // Also where what waited behind it fails.
        if (isDurable) this.#text.acknowledged();
      } else {
        this.#isUnsettled ||= faults?.several === true;
        this.#text.maybe.push(...lines);
      }
    }
    if (this.#isUnsettled) return;
    this.#text.maybe = [];
    this.#checkShown();
    if (!isDurable || !batches.at(-1)?.batch) return;
    this.#text.acknowledged();
    this.#synced();
  }

  /** Who adds what is new to what it had, and reads all where it is told to, has the text. */
  #follow({ start, bytes, othersBytes, leadBytes, replaced }: Batch): void {
    const text = this.#host.disk.readText(PATH) ?? "";
    const own = new TextDecoder().decode(bytes);
    const end = start + bytes.length;
    assert(othersBytes <= leadBytes && leadBytes <= bytes.length, "a batch has more than it has");
    assert(replaced || start === this.#followed.length, "a batch does not begin where the one before ended");
    this.#followed = replaced ? text.slice(0, end) : this.#followed + own;
    // What is corrected in place, to as many bytes, nobody is told.
    const [followed, shown] = [this.#followed.toLowerCase(), text.slice(0, end).toLowerCase()];
    assert(followed === shown && shown.endsWith(own.toLowerCase()), "a batch is not what is new in a text");
  }

  /** A sync has lost its pages. */
  #lost(): void {
    this.#drops = true;
    this.#text.dropped();
  }

  #synced(): void {
    this.#drops = this.#isFragile = false;
    this.#checkDurable();
  }

  #checkShown(): void {
    this.#text.check(this.#host.disk.readText(PATH), "shown");
  }

  #checkDurable(): void {
    this.#text.check(this.#host.disk.readDurableText(PATH), "on the disk");
  }

  /** Somebody else writes, while the log does not. */
  async #others(): Promise<void> {
    const done = await this.#people.write();
    if (done === "in place") this.#isFragile = true;
    else if (done === "durable") this.#synced();
    this.#checkShown();
  }

  /** The life ends: between two commits, or in the middle of one. */
  async #end(): Promise<void> {
    const { random } = this.#sim;
    if (random.chance(0.4)) {
      if (this.#isFragile || random.chance(0.5)) {
        this.#isKilledIdle = !this.#isUnsettled;
        this.#host.kill();
      } else this.#cutPower();
      return;
    }
    // What a failure has left or lost is put right by the next commit: it is caught at that.
    if (random.chance(0.5)) await this.#commit(this.#arm());
    if (random.chance(0.5) && this.#arm().drops) this.#lost();
    const lines = Array.from({ length: random.integer(0, 2) }, () => this.#text.compose(this.#sim.random));
    await this.#doomed({
      operation: random.pick(["write", "sync", "truncate"]),
      when: random.pick(["before", "during", "after"]),
      skip: random.integer(0, 1),
      how: this.#isFragile || random.chance(0.5) ? "kill" : "crash",
    }, lines);
  }

  /** A commit in the middle of which the process or the power goes; or right after it. */
  async #doomed(order: CrashOrder, lines: readonly string[]): Promise<void> {
    for (const line of lines) this.#opened().append(line);
    this.#host.crashAt({ path: FILE, ...order });
    await this.#untilDown(this.#opened().sync(), lines);
    if (order.how === "crash") this.#cutPower();
    else this.#host.kill();
  }

  async #untilDown(done: Promise<unknown>, lines: readonly string[]): Promise<void> {
    let isEnded = false;
    void outcomeOf(done).then(() => isEnded = true);
    await this.#sim.until(() => isEnded || !this.#host.isUp, 1000);
    this.#sim.sometimes("a process ended in the middle of a commit of a shared text", !isEnded);
    this.#host.disk.forgetFailures();
    this.#text.maybe.push(...lines);
    this.#isUnsettled = true;
  }

  #cutPower(): void {
    this.#host.crash();
    this.#host.disk.forgetFailures();
    this.#isCut = true;
  }
}

/** What comes of it; undefined where the disk has failed. */
async function outcomeOf<T>(done: Promise<T>): Promise<T | undefined> {
  try {
    return await done;
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    return undefined;
  }
}
