/**
 * All who edit a document at once, and what its text must have by what they did.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { Browser } from "./_document_browser.ts";
import { countTokens, tokensOf, withoutTokens, type Witness } from "./_document_oracle.ts";
import { LineEditor, Person, START } from "./_document_people.ts";
import { LineClient } from "./_harness.ts";

/** Where the line clients go. */
export const LINE_ADDRESS = { hostname: "server", port: 8080 };
/** The port of the browsers. */
export const WEB_PORT = 8088;
/** Where the browsers go. */
export const WEB_URL = `ws://server:${WEB_PORT}/sync?acks`;
/** The document's file. */
export const FILE = "/data/document.txt";

const BROWSERS = ["w0", "w1", "w2"];
const LINES = ["l0", "l1"];
const READER = "l2";
const ROUNDS = 3;
const PARTS = 5;
/** A save of the file has been merged by then. */
const PAUSE_MS = 800;

/** Three browsers, two line clients that write and one that reads, and a person at the file. */
export class Everybody {
  readonly browsers: readonly Browser[];
  readonly lines: readonly LineEditor[];
  readonly #writers: readonly LineEditor[];
  readonly #person: Person;
  readonly #sim: SimWorld;
  /** Lines of which nothing can have become but that they are there. */
  readonly #certain: string[] = [];

  constructor(sim: SimWorld) {
    this.#sim = sim;
    const server = sim.host("server");
    this.browsers = BROWSERS.map((name) => new Browser(sim.host(name), name, WEB_URL));
    this.#writers = LINES.map((name) => new LineEditor(sim.host(name), name, LINE_ADDRESS));
    this.lines = [...this.#writers, new LineEditor(sim.host(READER), READER, LINE_ADDRESS, false)];
    this.#person = new Person(sim, server, FILE);
  }

  get hosts(): string[] {
    return ["server", ...BROWSERS, ...LINES, READER];
  }

  get witnesses(): Witness[] {
    return [...this.browsers, ...this.lines];
  }

  get isSaved(): boolean {
    return this.browsers.every((browser) => browser.isSaved);
  }

  #areWriting(areThey: boolean): void {
    for (const writer of [...this.browsers, ...this.lines, this.#person]) writer.isWriting = areThey;
  }

  /** Everybody writes at the beginning and at the end, and rests between: what is written costs. */
  async writeAndRest(ms: number): Promise<void> {
    const writingMs = Math.min(ms, 500);
    await this.#sim.advance(writingMs);
    this.#areWriting(false);
    await this.#sim.advance(Math.max(0, ms - 2 * writingMs));
    this.#areWriting(true);
    await this.#sim.advance(writingMs);
  }

  /** Nobody types any more, all is saved, and every connection is known to be alive. */
  async calmDown(): Promise<void> {
    this.#areWriting(false);
    await this.#sim.until(() => this.isSaved, 30_000, "everything to be saved");
    for (const line of this.#writers) await this.#writeSurely(line);
  }

  /** Writes lines until one is told to all: a connection may be dead without that its client knows. */
  async #writeSurely(line: LineEditor): Promise<void> {
    for (let count = 0; count < 20; count++) {
      await this.#sim.until(() => line.client.isConnected, 10_000, "a line client to be connected");
      const token = line.write();
      const isTold = () =>
        token !== undefined && this.browsers.every(({ value }) => value.includes(`${token}\n`)) &&
        this.lines.every(({ received, client }) =>
          received.includes(token) || client.sessions.at(-1)?.sent.includes(token)
        );
      if (await this.#sim.until(isTold, 500).then(() => true, () => false)) return;
    }
    throw new Error("Cannot go on: no line of a client reaches everybody, though all is well");
  }

  /** All is well, and everybody writes at once. */
  async writeTogether(): Promise<void> {
    const { random } = this.#sim;
    for (let round = 0; round < ROUNDS; round++) {
      this.#person.save();
      for (let part = 0; part < PARTS; part++) {
        for (const browser of this.browsers) if (random.chance(0.5)) browser.write();
        for (const line of this.#writers) {
          for (let more = random.next(); more < 0.8; more += 0.5) {
            const token = line.write();
            assert(token !== undefined, "a connection was lost, though all is well");
            this.#certain.push(token);
          }
        }
        await this.#sim.advance(random.next() * 25);
      }
      // By itself: in one save with another it may look like an old text.
      await this.#sim.advance(PAUSE_MS);
      this.#person.takeLine();
      await this.#sim.advance(PAUSE_MS);
    }
  }

  /** Each browser sees the others, as they are now, and nobody who is gone. */
  async seeEachOther(): Promise<void> {
    const shown = (all: readonly { clientId: number; state: string }[]) =>
      all.map(({ clientId, state }) => `${clientId} ${state}`).sort().join(", ");
    const isSeen = () =>
      this.browsers.every((browser) =>
        shown(browser.others) ===
          shown(this.browsers.flatMap((other) => other === browser ? [] : [other.presence]))
      );
    await this.#sim.until(isSeen, 2000, "the browsers to see each other");
  }

  /** The text that all come to have: browsers, file, and who reads it anew. */
  async oneText(): Promise<string> {
    const sim = this.#sim;
    // So long that what was saved to the file has been seen.
    await sim.advance(800);
    await sim.until(() => this.isSaved, 30_000, "the last edits to be saved");
    const same = () => new Set(this.browsers.map(({ value }) => value)).size === 1;
    await sim.until(same, 20_000, "all to have one text");
    await sim.advance(800);
    assert(same(), "the text is changed, though nobody edits it");
    const text = this.browsers[0]?.value ?? "";
    await sim.until(() => sim.host("server").disk.readText(FILE) === text, 5000, "the file to hold it");
    const late = new LineClient(sim.host("late").world, LINE_ADDRESS);
    const lines = text.split("\n").slice(0, -1).join("\n");
    const hasRead = () => late.sessions.at(-1)?.received.join("\n") === lines;
    await sim.until(hasRead, 5000, "who comes late to be given all of it");
    return text;
  }

  /** @param mayFail whether saving was refused now and then */
  check(text: string, mayFail: boolean): void {
    const counts = countTokens(text);
    for (const [token, count] of counts) assert(count === 1, `${token} is there ${count} times`);
    assertEquals(withoutTokens(text), START, "the text has something that nobody wrote");
    for (const browser of this.browsers) browser.check(text);
    this.#person.check(counts);
    const { taken } = this.#person;
    for (const token of this.#certain) {
      assert(counts.has(token) || taken.has(token), `${token} is lost, though all was well`);
    }
    const order = tokensOf(text);
    for (const line of this.lines) {
      line.checkSent(order, taken, mayFail);
      line.checkReceived(text, taken, mayFail);
    }
  }

  /** Whether somebody has ever begun to take a token out again. */
  isRemoving(token: string): boolean {
    return this.#person.isRemoving(token) ||
      this.browsers.some(({ edits }) => edits.some((edit) => edit.type === "remove" && edit.token === token));
  }
}
