/**
 * Who comes to the records store in its campaign: those who write and read, strangers, and a person at the
 * files.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { formatDatestamp, formatRequest, parseResponse } from "../../protocols/records.ts";
import { PLACES, recordText } from "../records/_store.ts";
import { Failure } from "../../tasks/_cli.ts";
import { RecordsClient } from "../../tasks/_records_client.ts";
import { delay, LineClient } from "./_harness.ts";
import { LONG_PAUSE } from "./_long_pause.ts";
import type { Operation } from "./_linearizability.ts";

/** Where the store listens. */
export const PORT = 12_000;
const NOT_FOUND = /no such|not found|no record|does not exist/i;
/** How far the store's clock on the wall is ahead of UTC. */
export const EAST_MINUTES = 330;

/** What the store's clock on the wall shows at a moment, counted without the store's own arithmetic. */
export function wallSecondsThere(ms: number): number {
  return Math.floor(ms / 1000) + EAST_MINUTES * 60;
}

/** What is under the first line, which the refresh may rewrite. */
export function below(text: string): string {
  return text.slice(text.indexOf("\n") + 1);
}

/** What was asked and answered about one record. */
export class History {
  readonly id: string;
  readonly operations: Operation[] = [];
  #clock = 0;
  #texts = 0;

  constructor(id: string) {
    this.id = id;
  }

  tick(): number {
    return ++this.#clock;
  }

  now(): { readonly from: number; readonly to: number } {
    return { from: this.tick(), to: this.tick() };
  }

  /** A text that nobody else writes, with the datestamp of some moment of the last seconds. */
  nextText(length: number, atMs: number): string {
    return recordText(formatDatestamp(wallSecondsThere(atMs)), `${++this.#texts} `.repeat(length));
  }
}

/** More records, and more connections, than there can be here. */
const MAX_RECORDS = 20;
const MAX_CONNECTIONS = 60;
/** Who has stood still accepts all that were given up meanwhile, and hears then that they have ended. */
const MAX_CONNECTIONS_AFTER_SLEEP = 300;
/** How many requests of one client are under way at once. */
const AT_ONCE = 3;
/** More than the store reads before it answers. */
const BURST = 40;

/** Options of a {@linkcode Writer}. */
export interface WriterOptions {
  readonly history: History;
  /** Which of those who write this record. */
  readonly which: string;
  /** What is to be shown first. */
  readonly token: string | undefined;
}

/** One who writes and reads a record, several requests at once on one connection. */
export class Writer {
  readonly host: string;
  readonly #history: History;
  readonly #token: string | undefined;
  readonly #sim: SimWorld;
  readonly #client: LineClient;
  #underWay = 0;
  #sessions = 0;
  isOver = false;

  constructor(sim: SimWorld, { history, which, token }: WriterOptions) {
    this.#sim = sim;
    this.#history = history;
    this.#token = token;
    this.host = `client${history.id}${which}`;
    const { world } = sim.host(this.host);
    this.#client = new LineClient(world, { hostname: "server", port: PORT, silenceMs: 1000 });
    const turn = () => {
      if (this.#isIn() && !this.isOver && this.#underWay < AT_ONCE) this.#act(world.random.next());
      world.clock.timer(world.random.next() * 30, turn);
    };
    turn();
  }

  /** Nothing that it asked is unanswered. */
  get isIdle(): boolean {
    return this.#underWay === 0;
  }

  /** Whether it has a connection; shows its token first where there is one. */
  #isIn(): boolean {
    if (!this.#client.isConnected) return false;
    if (this.#client.sessions.length > this.#sessions) {
      this.#sessions = this.#client.sessions.length;
      if (this.#token !== undefined) {
        void this.#client.ask(formatRequest({ type: "auth", clientId: null, token: this.#token }).trimEnd());
      }
    }
    return true;
  }

  /** Writes a last text, for which all is well now. */
  async finish(sim: SimWorld): Promise<void> {
    for (let isWritten = false; !isWritten;) {
      await sim.until(() => this.#isIn(), 5000, "a connection");
      isWritten = await sim.settle(this.#write(), 8000);
    }
  }

  /** Asks more at once than the store reads before it answers: all of it is answered. */
  async burst(sim: SimWorld): Promise<void> {
    const request = formatRequest({ type: "read", clientId: this.#history.id });
    // A connection that was silent for long is about to be given up, by this client's own rule.
    for (let isHeard = false; !isHeard;) {
      await sim.until(() => this.#isIn(), 5000, "a connection");
      isHeard = await sim.settle(this.#ask(request), 8000) !== undefined;
    }
    const answers = await sim.settle(
      Promise.all(Array.from({ length: BURST }, () => this.#ask(request))),
      10_000,
    );
    const unanswered = answers.filter((answer) => answer === undefined).length;
    assert(unanswered === 0, `${unanswered} of ${BURST} requests at once were not answered`);
  }

  async #act(chance: number): Promise<void> {
    this.#underWay++;
    this.#sim.sometimes("several requests were under way", this.#underWay > 1);
    if (chance < 0.4) await this.#read();
    else if (chance < 0.5) await this.#info();
    else await this.#write();
    this.#underWay--;
  }

  /** Whether it is written, as far as is known. */
  async #write(): Promise<boolean> {
    const history = this.#history;
    const { world } = this.#sim.host(this.host);
    // Now and then its clock is far ahead.
    const aheadMs = this.#sim.random.chance(0.1) ? 3_600_000 : 0;
    const atMs = world.clock.now() + aheadMs - this.#sim.random.integer(0, 3000);
    const text = history.nextText(this.#sim.random.integer(1, 50), atMs);
    const from = history.tick();
    const place = history.operations.push({ type: "write", value: below(text), from, to: Infinity }) - 1;
    const answer = await this.#ask(formatRequest({ type: "write", clientId: history.id, text }));
    this.#sim.sometimes("a write failed", answer?.type === "error");
    this.#sim.sometimes("nobody knows of a write", answer === undefined);
    if (answer?.type !== "success") return false;
    // Answers come in the order of the requests: this one is not that of a read.
    assert(!answer.data.startsWith("Last updated"), "a write was answered with what a read gives");
    history.operations[place] = { type: "write", value: below(text), from, to: history.tick() };
    return true;
  }

  async #read(): Promise<void> {
    const history = this.#history;
    const from = history.tick();
    const answer = await this.#ask(formatRequest({ type: "read", clientId: history.id }));
    if (answer === undefined || answer.type === "info") return;
    const to = history.tick();
    if (answer.type === "success") {
      assert(answer.data.startsWith("Last updated"), `a read was answered with ${answer.data}`);
      history.operations.push({ type: "read", value: below(answer.data), from, to });
    } else if (NOT_FOUND.test(answer.data)) {
      history.operations.push({ type: "read", value: null, from, to });
    }
  }

  async #info(): Promise<void> {
    const answer = await this.#ask(formatRequest({ type: "info", clientId: null }));
    assert(
      answer === undefined || answer.type !== "success",
      "a question for information was answered as another",
    );
    if (answer?.type === "info") {
      assert(answer.data.records <= MAX_RECORDS, `there are ${answer.data.records} records`);
      const hasSlept = this.#sim.tally.get(LONG_PAUSE) > 0;
      const most = hasSlept ? MAX_CONNECTIONS_AFTER_SLEEP : MAX_CONNECTIONS;
      assert(answer.data.connections <= most, `there are ${answer.data.connections} connections`);
    }
  }

  /** Sends a request; undefined when the connection ends before it is answered. */
  async #ask(request: string): Promise<ReturnType<typeof parseResponse>> {
    const line = await this.#client.ask(request.trimEnd());
    if (line === undefined) return undefined;
    const answer = parseResponse(JSON.parse(line));
    const { client_ID: asked = null } = JSON.parse(request);
    const isFarewell = answer?.type === "error" && answer.data.startsWith("Closing the connection");
    assert(isFarewell || answer?.clientId === asked, `what ${asked} has asked was answered ${line}`);
    return answer;
  }
}

/** The store's own client program, but for its terminal: what it shows of a record is what was there. */
export class Reader {
  readonly host: string;
  readonly #history: History;
  readonly #sim: SimWorld;
  readonly #token: string | undefined;
  isOver = false;

  constructor(sim: SimWorld, history: History, token: string | undefined) {
    this.#sim = sim;
    this.#history = history;
    this.#token = token;
    this.host = `reader${history.id}`;
    void this.#run(sim.host(this.host).world);
  }

  async #run(world: World): Promise<void> {
    while (!this.isOver) {
      await using client = new RecordsClient(
        world,
        { address: { hostname: "server", port: PORT }, reconnect: { minMs: 20, maxMs: 300, jitter: 0.2 } },
        this.#token,
        () => {},
      );
      while (!this.isOver && await this.#read(world, client)) await delay(world, 300 * world.random.next());
      await delay(world, 100);
    }
  }

  /** Whether the client is of use any more. */
  async #read(world: World, client: RecordsClient): Promise<boolean> {
    const history = this.#history;
    const from = history.tick();
    try {
      // Nobody tells of a machine that has lost its power: who waits for long gives up.
      const late = delay(world, 2000).then(() => {
        throw new Failure("It took too long");
      });
      const answer = await Promise.race([client.request({ type: "read", clientId: history.id }), late]);
      const to = history.tick();
      if (answer.type === "success") {
        history.operations.push({ type: "read", value: below(answer.data), from, to });
        this.#sim.sometimes("the client program has read a record");
      } else if (answer.type === "error" && NOT_FOUND.test(answer.data)) {
        history.operations.push({ type: "read", value: null, from, to });
      }
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return false;
    }
  }
}

/** Ids that name files elsewhere, or the same file in another way. */
const STRANGE_IDS = ["../5", "./7", ".8", "1/../9", "7.", "-1", "", "123456789012345678901"];
/** So many wrong tokens are answered on one connection. */
const MAX_WRONG_TOKENS = 3;

/** One who tries what is not allowed: nothing of it is done. */
export class Stranger {
  readonly host = "stranger";
  readonly #client: LineClient;
  readonly #sim: SimWorld;
  readonly #isLocked: boolean;
  isOver = false;

  /** @param isLocked the store asks for a token, which this one does not know */
  constructor(sim: SimWorld, isLocked: boolean) {
    this.#sim = sim;
    this.#isLocked = isLocked;
    const { world } = sim.host(this.host);
    this.#client = new LineClient(world, { hostname: "server", port: PORT, silenceMs: 1000 });
    const turn = () => {
      if (!this.isOver && this.#client.isConnected) void this.#try(world.random.next());
      world.clock.timer(100 + world.random.next() * 300, turn);
    };
    turn();
  }

  async #try(chance: number): Promise<void> {
    const id = this.#sim.random.pick(STRANGE_IDS);
    const requests = [
      { client_ID: id, type: "write", data: recordText("2025-03-18 13:14:33", "a stranger") },
      { client_ID: id, type: "read" },
      ...(this.#isLocked ? [{ client_ID: null, type: "auth", data: "guess" }, { type: "info" }] : []),
    ];
    const request = requests[Math.floor(chance * requests.length)];
    const line = await this.#client.ask(JSON.stringify(request));
    if (line === undefined) return;
    assert(parseResponse(JSON.parse(line))?.type === "error", `a stranger was answered ${line}`);
    this.#sim.sometimes("a stranger was refused");
    const answers = this.#client.sessions.at(-1)?.received.length ?? 0;
    if (this.#isLocked) assert(answers <= MAX_WRONG_TOKENS, `a stranger was answered ${answers} times`);
  }
}

/** Somebody who removes a record's file by hand now and then. */
export class Remover {
  readonly #server: SimHost;
  readonly path: string;
  isOver = false;

  constructor(sim: SimWorld, server: SimHost, id: string) {
    this.#server = server;
    this.path = `${PLACES.filesDirectory}/${id}.txt`;
    const { world } = sim.host("person");
    const turn = () => {
      if (!this.isOver) this.remove();
      world.clock.timer(800 + world.random.next() * 1500, turn);
    };
    world.clock.timer(500, turn);
  }

  remove(): void {
    const { disk } = this.#server;
    if (disk.read(this.path) !== undefined) disk.remove(this.path);
  }
}
