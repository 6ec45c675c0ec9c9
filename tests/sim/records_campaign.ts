/**
 * The records store under chaos: each record is a register that is linearizable, answers come in order, and
 * index and files agree.
 *
 * @module
 */
import { assert } from "@std/assert";
import { recordsServer } from "../../actors/records/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { formatRequest, parseDatestamp, parseResponse, wallSeconds } from "../../protocols/records.ts";
import { assertAgree, onDisk, PLACES, recordText } from "../records/_store.ts";
import {
  type Campaign,
  LineClient,
  MACHINE_FAULTS,
  NETWORK_FAULTS,
  service,
  USUAL_FAULTS,
} from "./_harness.ts";
import { notLinearizable, type Operation } from "./_linearizability.ts";

const PORT = 12_000;
const CHAOS_MS = 6000;
const REFRESH = { refreshIntervalMs: 700, refreshThresholdMs: 1500 };
const IDS = ["1", "22", "333"];
const NOT_FOUND = /no such|not found|no record|does not exist/i;

/** The records store as it is. */
export const records: Campaign = recordsCampaign("records under chaos", recordsServer);

/** The campaign with the store as given. */
export function recordsCampaign(name: string, store: typeof recordsServer): Campaign {
  const sometimes = [
    ...USUAL_FAULTS.filter((fault) => !fault.endsWith("clock set")),
    ...["several requests were under way", "a write failed", "nobody knows of a write"],
    ...["fault: crash after sync", "fault: crash during rename", "fault: sync fails, pages dropped"],
  ];
  return { name, sometimes, run: (sim) => run(sim, store) };
}

async function run(sim: SimWorld, store: typeof recordsServer): Promise<void> {
  const server = sim.host("server");
  server.disk.makeFolder(PLACES.filesFolder);
  server.disk.makeFolder(PLACES.recordFolder);
  server.start(service("records", () =>
    store({
      ...PLACES,
      address: { hostname: "::", port: PORT },
      maxConnections: 1000,
      ...REFRESH,
    })));
  const histories = IDS.map((id) => new History(id));
  // Two write and read each record, from machines of their own.
  const clients = histories.flatMap((history) => ["a", "b"].map((which) => new Writer(sim, history, which)));
  const hosts = clients.map(({ host }) => host);
  const chaos = [
    sim.chaos({
      hosts: ["server"],
      ...MACHINE_FAULTS,
      // The refresh looks at the wall clock; it must not make the future of every record.
      clockJumpsPerMinute: 0,
      tearing: { sectorsOutOfOrder: 0.4, lengthBeforeData: 0.4 },
      diskErrorsPerMinute: 60,
      droppedPages: 0.7,
    }),
    sim.chaos({ hosts: ["server", ...hosts], ...NETWORK_FAULTS }),
    sim.chaos({ hosts, pausesPerMinute: 10, pauseMs: [100, 2000], cpuMs: [0, 0.3] }),
  ];
  await sim.advance(CHAOS_MS);
  for (const plan of chaos) plan.stop();
  sim.net.configure({ latencyMs: [0.2, 2], bytesPerSecond: 100_000_000 });
  for (const client of clients) client.isOver = true;
  await sim.advance(3000);
  for (const client of clients) await client.finish(sim);
  await checkRefreshed(sim, server);
  server.crash();
  server.restart();
  await sim.until(
    () => server.log.lines().at(-1) === "Press Ctrl+C to quit.",
    10_000,
    "the server to be ready",
  );
  assertAgree(server);
  const { texts } = onDisk(server);
  for (const history of histories) {
    const text = texts.get(history.id);
    // The file is what a read of now would give.
    history.operations.push({
      type: "read",
      value: text === undefined ? null : below(text),
      ...history.now(),
    });
    const wrong = notLinearizable(history.operations);
    assert(wrong === undefined, `record ${history.id} is no register: ${wrong}`);
  }
}

/** Nothing that is stored is older than the threshold for longer than a round of the refresh takes. */
async function checkRefreshed(sim: SimWorld, server: SimHost): Promise<void> {
  await sim.advance(3 * (REFRESH.refreshIntervalMs + REFRESH.refreshThresholdMs));
  const { clock } = server.world;
  const nowSeconds = wallSeconds(clock.now(), clock);
  for (const [id, text] of onDisk(server).texts) {
    const stamp = parseDatestamp(/^Last updated: (.*)/.exec(text)?.[1] ?? "");
    assert(stamp !== undefined, `record ${id} has no datestamp`);
    // Datestamps are whole seconds.
    const oldestSeconds = (REFRESH.refreshIntervalMs + REFRESH.refreshThresholdMs) / 1000 + 2;
    assert(nowSeconds - stamp <= oldestSeconds, `record ${id} was not refreshed for ${nowSeconds - stamp} s`);
  }
}

/** What is under the first line, which the refresh may rewrite. */
function below(text: string): string {
  return text.slice(text.indexOf("\n") + 1);
}

/** What was asked and answered about one record. */
class History {
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

  /** A text that nobody else writes. */
  nextText(length: number): string {
    return recordText("2025-03-18 13:14:33", `${++this.#texts} `.repeat(length));
  }
}

/** How many requests of one client are under way at once. */
const AT_ONCE = 3;

/** One who writes and reads a record, several requests at once on one connection. */
class Writer {
  readonly host: string;
  readonly #history: History;
  readonly #sim: SimWorld;
  readonly #client: LineClient;
  #underWay = 0;
  isOver = false;

  constructor(sim: SimWorld, history: History, which: string) {
    this.#sim = sim;
    this.#history = history;
    this.host = `client${history.id}${which}`;
    const { world } = sim.host(this.host);
    this.#client = new LineClient(world, { hostname: "server", port: PORT, silenceMs: 1000 });
    const turn = () => {
      if (!this.isOver && this.#client.isConnected && this.#underWay < AT_ONCE) {
        this.#act(world.random.next());
      }
      world.clock.timer(world.random.next() * 30, turn);
    };
    turn();
  }

  /** Writes a last text, for which all is well now. */
  async finish(sim: SimWorld): Promise<void> {
    for (let isWritten = false; !isWritten;) {
      await sim.until(() => this.#client.isConnected, 5000, "a connection");
      isWritten = await sim.settle(this.#write(), 8000);
    }
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
    const text = history.nextText(this.#sim.random.integer(1, 50));
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
    if (answer?.type === "info") assert(answer.data.records <= IDS.length, "there are more records than ids");
  }

  /** Sends a request; undefined when the connection ends before it is answered. */
  async #ask(request: string): Promise<ReturnType<typeof parseResponse>> {
    const line = await this.#client.ask(request.trimEnd());
    return line === undefined ? undefined : parseResponse(JSON.parse(line));
  }
}
