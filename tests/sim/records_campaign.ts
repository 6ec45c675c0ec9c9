/**
 * The records store under chaos: what was answered stays, and index and files agree.
 *
 * @module
 */
import { assert } from "@std/assert";
import { recordsServer } from "../../actors/records/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { formatRequest, parseResponse } from "../../protocols/records.ts";
import { assertAgree, onDisk, PLACES, recordText } from "../records/_store.ts";
import { type Campaign, LineClient, service } from "./_harness.ts";

const PORT = 12_000;
const CHAOS_MS = 6000;
const CLIENTS = ["1", "22", "333"];

/** The records store as it is. */
export const records: Campaign = recordsCampaign("records under chaos", recordsServer);

/** The campaign with the store as given. */
export function recordsCampaign(name: string, store: typeof recordsServer): Campaign {
  return { name, run: (sim) => run(sim, store) };
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
      refreshIntervalMs: 700,
      refreshThresholdMs: 1500,
    })));
  const clients = CLIENTS.map((id) => new Writer(sim, id));
  const chaos = sim.chaos({
    crashesPerMinute: 30,
    killsPerMinute: 30,
    hosts: ["server"],
    downMs: [10, 300],
    slowDisksPerMinute: 20,
    diskErrorsPerMinute: 60,
  });
  const netChaos = sim.chaos({
    hosts: ["server", ...CLIENTS.map((id) => `client${id}`)],
    partitionsPerMinute: 20,
    resetsPerMinute: 60,
  });
  await sim.advance(CHAOS_MS);
  chaos.stop();
  netChaos.stop();
  for (const client of clients) client.isOver = true;
  await sim.advance(3000);
  for (const client of clients) await client.finish(sim);
  server.crash();
  server.restart();
  await sim.until(
    () => server.log.lines().at(-1) === "Press Ctrl+C to quit.",
    5000,
    "the server to be ready",
  );
  assertAgree(server);
  const { texts } = onDisk(server);
  for (const client of clients) client.check(texts.get(client.id), "the file");
}

/** What is under the first line, which the refresh may rewrite. */
function below(text: string): string {
  return text.slice(text.indexOf("\n") + 1);
}

/** One who writes and reads its own record, one request after the other. */
class Writer {
  readonly id: string;
  readonly #client: LineClient;
  readonly #texts: string[] = [];
  /** The place of the last text whose writing was answered; -1 before. */
  #answered = -1;
  /** Texts whose writing was never answered: they may come through at any time, on an old connection too. */
  readonly #limbo = new Set<number>();
  isOver = false;

  constructor(sim: SimWorld, id: string) {
    this.id = id;
    const { world } = sim.host(`client${id}`);
    this.#client = new LineClient(world, { hostname: "server", port: PORT, silenceMs: 1000 });
    const turn = async () => {
      if (!this.isOver && this.#client.isConnected) {
        if (world.random.next() < 0.3) await this.#read();
        else await this.#write(sim);
      }
      world.clock.timer(world.random.next() * 30, turn);
    };
    turn();
  }

  /** Writes a last text, for which all is well now. */
  async finish(sim: SimWorld): Promise<void> {
    const before = this.#answered;
    while (this.#answered === before) {
      await sim.until(() => this.#client.isConnected, 5000, "a connection");
      const writing = this.#write(sim);
      await sim.settle(writing, 5000);
    }
  }

  /** What is there is what was answered last, or something that was never answered. */
  check(text: string | undefined, what: string): void {
    if (text === undefined) {
      assert(this.#answered < 0, `${what} of ${this.id} is gone`);
      return;
    }
    const place = this.#texts.findIndex((sent) => below(sent) === below(text));
    assert(place >= 0, `${what} of ${this.id} is nothing that was sent: ${JSON.stringify(text)}`);
    assert(
      place >= this.#answered || this.#limbo.has(place),
      `${what} of ${this.id} has gone back from ${this.#answered} to ${place}`,
    );
  }

  async #write(sim: SimWorld): Promise<void> {
    const place = this.#texts.length;
    const text = recordText("2025-03-18 13:14:33", `${place} `.repeat(sim.random.integer(1, 50)));
    this.#texts.push(text);
    this.#limbo.add(place);
    const answer = await this.#ask(formatRequest({ type: "write", clientId: this.id, text }));
    if (answer?.type !== "success") return;
    this.#limbo.delete(place);
    this.#answered = place;
  }

  async #read(): Promise<void> {
    const answer = await this.#ask(formatRequest({ type: "read", clientId: this.id }));
    if (answer?.type === "success" && typeof answer.data === "string") {
      this.check(answer.data, "what was read");
    }
  }

  /** Sends a request; undefined when the connection ends before it is answered. */
  async #ask(request: string): Promise<ReturnType<typeof parseResponse>> {
    const line = await this.#client.ask(request.trimEnd());
    return line === undefined ? undefined : parseResponse(JSON.parse(line));
  }
}
