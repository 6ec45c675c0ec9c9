/**
 * Who edits a document in lines, and who has its file open in an editor.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { countTokens, tokensOf, type Told, withoutTokens, type Witness } from "./_document_oracle.ts";
import { type ClientSession, LineClient, type LineClientOptions } from "./_harness.ts";

/** A line client, which may write. */
export class LineEditor implements Witness {
  readonly client: LineClient;
  /** All that it has sent. */
  readonly sent: string[] = [];
  isWriting: boolean;
  readonly #name: string;

  /** @param isWriting else it reads alone */
  constructor(host: SimHost, name: string, options: LineClientOptions, isWriting = true) {
    const { world } = host;
    this.#name = name;
    this.isWriting = isWriting;
    this.client = new LineClient(world, options);
    const write = () => {
      // Now and then several lines come at once.
      for (let more = world.random.next(); this.isWriting && more < 1; more += 0.7) this.write();
      world.clock.timer(20 + world.random.next() * 300, write);
    };
    write();
  }

  get connections(): readonly Told[] {
    return this.client.sessions.map(({ received }) => ({
      // Whole lines: an answer to what was sent may name it.
      tokens: () => received.filter((line) => !line.startsWith("Error: ")).flatMap(tokensOf),
      removed: () => [],
    }));
  }

  get received(): readonly string[] {
    return this.client.sessions.at(-1)?.received ?? [];
  }

  /** Sends a line, where there is a connection. */
  write(): string | undefined {
    if (!this.client.isConnected) return undefined;
    // Of no other the beginning: a crash may cut a line short.
    const line = `${this.#name}x${this.sent.length}.`;
    this.sent.push(line);
    this.client.send(line);
    return line;
  }

  /**
   * What was sent over one connection is in the text in its order and, up to the last of it that is there,
   * without a gap but for what its sender was told of.
   */
  checkSent(order: readonly string[], taken: ReadonlySet<string>, mayFail: boolean): void {
    const places = new Map(order.map((token, place) => [token, place]));
    for (const session of this.client.sessions) {
      const { received } = session;
      const sent = session.sent.filter((line) => !taken.has(line));
      checkSession({ sent, received }, places, mayFail, this.#isLast(session));
    }
  }

  #isLast(session: ClientSession): boolean {
    return session === this.client.sessions.at(-1);
  }

  /**
   * Whoever is connected is told of each line of others, in its order, of each word that is in the text, and
   * of nothing twice.
   */
  checkReceived(text: string, taken: ReadonlySet<string>, mayFail: boolean): void {
    const order = tokensOf(text);
    const lines = order.filter(isLine);
    for (const { received, sent } of this.client.sessions) {
      const answered = received.filter((line) => !line.startsWith("Error: "));
      // Where saving fails, its sender may be told late.
      const twice = toldAgain(answered, mayFail ? [] : sent);
      assert(twice === undefined, `a line client was told ${twice} twice`);
      const own = new Set(sent);
      const ofOthers = (token: string) => isLine(token) && !taken.has(token) && !own.has(token);
      const told = [...new Set(tokensOf(answered.join("\n")).filter(ofOthers))];
      const expected = lines.filter((line) => !own.has(line)).slice(0, told.length);
      // What could not be saved, and is there all the same, is told late.
      if (!mayFail) assertEquals(told, expected, "a line client was told of other lines than there are");
    }
    const known = new Set([
      ...tokensOf(this.received.join("\n")),
      ...this.client.sessions.at(-1)?.sent ?? [],
    ]);
    for (const token of order) assert(known.has(token), `${token} was not told to a line client`);
  }
}

function isLine(token: string): boolean {
  return token.startsWith("l");
}

function checkSession(
  { sent, received }: ClientSession,
  places: ReadonlyMap<string, number>,
  mayFail: boolean,
  isLast: boolean,
): void {
  const there = sent.map((line) => places.get(line));
  const last = there.findLastIndex((place) => place !== undefined);
  const present = there.filter((place) => place !== undefined);
  const isOrdered = present.every((place, index) => index === 0 || place > (present[index - 1] ?? 0));
  assert(isOrdered, `lines are in another order than that in which they were sent: ${sent.join(" ")}`);
  const missing = sent.filter((_, index) => index < last && there[index] === undefined);
  const refused = received.filter((line) => line.startsWith("Error: ")).length;
  // Where saving fails, a connection may be lost before its client is told.
  const isTold = mayFail ? !isLast || missing.length <= refused : missing.length === 0;
  assert(isTold, `${missing[0]} is lost, though what was sent after it is there (${refused} were refused)`);
}

/**
 * A line that was told as it was told before, or as it was sent, though nothing of it was told otherwise
 * since: who changes a line has it told again.
 */
function toldAgain(told: readonly string[], sent: readonly string[]): string | undefined {
  const last = new Map(sent.map((line) => [line, line]));
  return told.find((line) => {
    const tokens = tokensOf(line);
    if (tokens.length > 0 && tokens.every((token) => last.get(token) === line)) return true;
    for (const token of tokens) last.set(token, line);
    return false;
  });
}

/** What somebody has done to the file. */
interface Save {
  readonly token: string;
  /** A server that was about to replace the file may not have seen it. */
  isCertain: boolean;
  /** Taken out again, in a later save. */
  removal: "no" | "perhaps";
}

/** Somebody who has the file open in an editor: adds lines anywhere, and takes some of them out again. */
export class Person {
  readonly saves: Save[] = [];
  /** Lines of others that were taken out. */
  readonly taken = new Set<string>();
  isWriting = true;
  readonly #sim: SimWorld;
  readonly #server: SimHost;
  readonly #file: string;

  constructor(sim: SimWorld, server: SimHost, file: string) {
    this.#sim = sim;
    this.#server = server;
    this.#file = file;
    const { world } = sim.host("person");
    const edit = () => {
      if (this.isWriting) this.save();
      world.clock.timer(200 + world.random.next() * 600, edit);
    };
    world.clock.timer(300, edit);
  }

  /** Reads the file, changes it, and saves it, all at once: in place, or as another file of that name. */
  save(): void {
    const { disk } = this.#server;
    const { random } = this.#sim.host("person").world;
    const text = disk.readText(this.#file) ?? "";
    // Who sees what a crash or a bad disk has left of a line does not save it so.
    if (withoutTokens(text) !== START) return;
    // Within the moment between the server's look at the file and its append nobody can save it safely.
    if (this.#isBeingAppendedTo) return this.#sim.sometimes("a save was about to meet an append");
    const isCertain = !this.#isBeingReplaced;
    this.#sim.sometimes("a save came into a replacement", !isCertain);
    const counts = countTokens(text);
    const old = this.saves.filter(({ token, isCertain, removal }) =>
      isCertain && removal === "no" && counts.has(token)
    );
    const taken = random.next() < 0.2 ? old[Math.floor(random.next() * old.length)] : undefined;
    let edited: string;
    if (taken !== undefined) {
      edited = text.replace(`${taken.token}\n`, "");
      // In one save with another, of what came a moment ago, it may look like an old text.
      taken.removal = "perhaps";
    } else {
      const token = `p0x${this.saves.length}.`;
      this.saves.push({ token, isCertain, removal: "no" });
      const lines = text.split("\n");
      lines.splice(Math.floor(random.next() * lines.length), 0, token);
      edited = lines.join("\n");
    }
    // As vim does: another file of that name.
    if (random.next() < 0.3) disk.remove(this.#file);
    disk.write(this.#file, edited);
  }

  /** Takes one of the last lines that others have put behind the file out of it. */
  takeLine(): void {
    const { disk } = this.#server;
    const text = disk.readText(this.#file) ?? "";
    if (withoutTokens(text) !== START || this.#isBeingAppendedTo || this.#isBeingReplaced) return;
    const token = this.#sim.random.pick(["", ...tokensOf(text).filter(isLine).slice(-3)]);
    if (token === "") return;
    this.#sim.sometimes("a line was taken out of the file");
    this.taken.add(token);
    disk.write(this.#file, text.replace(`${token}\n`, ""));
  }

  isRemoving(token: string): boolean {
    return this.taken.has(token) || this.saves.some((save) => save.token === token && save.removal !== "no");
  }

  /** What was saved is there, unless it was taken out again. */
  check(counts: ReadonlyMap<string, number>): void {
    for (const token of this.taken) {
      assert(!counts.has(token), `${token} was taken out of the file, and is there`);
    }
    for (const { token, isCertain, removal } of this.saves) {
      const isThere = counts.has(token);
      assert(isThere || !isCertain || removal !== "no", `${token} was saved to the file, and is not there`);
    }
  }

  get #isBeingAppendedTo(): boolean {
    return this.#server.disk.underWay.some(({ operation, path }) =>
      (operation === "stat" || operation === "write") && (path === this.#file || this.#isReplacement(path))
    );
  }

  /** What is saved between a look at the file and the renaming that follows it is written over. */
  get #isBeingReplaced(): boolean {
    const directory = this.#file.slice(0, this.#file.lastIndexOf("/"));
    return this.#server.isUp &&
      this.#server.disk.names(directory).some((name) => this.#isReplacement(`${directory}/${name}`));
  }

  /** Whether it was, or is, to be put in the place of the file, under a name of its own. */
  #isReplacement(path: string): boolean {
    const cut = this.#file.lastIndexOf("/") + 1;
    const temporary = `${this.#file.slice(0, cut)}.${this.#file.slice(cut)}.`;
    return path.startsWith(temporary) && path.endsWith(".tmp") && !path.includes(".history.");
  }
}

/** What is in the file at first. */
export const START = "typed by hand, with no line end";
