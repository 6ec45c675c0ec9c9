/**
 * Who comes to the records store once all is well, and knows exactly what it is owed.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { formatDatestamp, parseResponse, type RecordsResponse } from "../../protocols/records.ts";
import { PLACES, recordText } from "../records/_store.ts";
import { readLines, writeAll } from "./_harness.ts";
import { PORT } from "./_records_crowd.ts";

const ANSWER_MS = 5000;
/** Of a record's bytes. */
export const MAX_DATA_BYTES = 5000;
/** Who has not shown its token by then is sent away. */
export const LOGIN_MS = 3000;
/** Connections and wrong tokens of a siege: each connection may show three. */
const SIEGE = { connections: 8, each: 3 };
/** Wrong tokens of one address that are looked at, at once and in a second. */
const LOOKED_AT = 5;

/** What a store was started with. */
export interface Owed {
  readonly token: string | undefined;
  readonly maxConnections: number;
}

/** One connection, on which much is asked at once. */
class Guest {
  readonly answers: RecordsResponse[] = [];
  isOver = false;
  readonly #connection: TcpConnection;

  private constructor(connection: TcpConnection) {
    this.#connection = connection;
    const take = (line: string) => {
      const answer = parseResponse(JSON.parse(line));
      assert(answer !== undefined, `a guest was answered ${line}`);
      this.answers.push(answer);
    };
    readLines(connection, take).catch(() => {}).finally(() => this.isOver = true);
  }

  static async come(sim: SimWorld, host: string): Promise<Guest> {
    const { net } = sim.host(host).world;
    return new Guest(await sim.settle(net.connectTcp({ hostname: "server", port: PORT })));
  }

  /** Asks all of it in one go; resolves with the answers, as many as there are before the end. */
  async ask(sim: SimWorld, requests: readonly object[]): Promise<RecordsResponse[]> {
    const from = this.answers.length;
    const text = requests.map((request) => JSON.stringify(request)).join("\n");
    await sim.settle(writeAll(this.#connection, new TextEncoder().encode(`${text}\n`)));
    const isAnswered = () => this.isOver || this.answers.length >= from + requests.length;
    await sim.until(isAnswered, ANSWER_MS, "a guest to be answered");
    return this.answers.slice(from);
  }

  leave(): void {
    this.#connection.close();
  }
}

/** Each answer is that of its request, in order; what is counted is so after all that was asked before. */
export async function checkAnswers(sim: SimWorld, server: SimHost, owed: Owed): Promise<void> {
  const guests = [await Guest.come(sim, "guest"), await Guest.come(sim, "guest")];
  const [guest] = guests;
  assert(guest !== undefined);
  if (owed.token !== undefined) {
    for (const each of guests) {
      const [answer] = await each.ask(sim, [{ type: "auth", data: owed.token }]);
      assertEquals(answer?.type, "success", "who shows the token is not let in");
    }
    await sim.advance(LOGIN_MS + 1000);
    assertEquals(guests.map(({ isOver }) => isOver), [false, false], "who is let in is sent away");
  }
  const stamp = formatDatestamp(Math.floor(server.world.clock.now() / 1000));
  const longest = recordText(stamp, "x".repeat(MAX_DATA_BYTES - recordText(stamp, "").length));
  // Others may be refreshed at that moment, which leaves them as many.
  const before = server.disk.names(PLACES.filesDirectory).filter((name) => /^\d+\.txt$/.test(name)).length;
  const answers = await guest.ask(sim, [
    { client_ID: "5555", type: "write", data: longest },
    { client_ID: "5555", type: "info" },
    { client_ID: "6666", type: "write", data: `${longest}x` },
    { client_ID: "5555", type: "read" },
    { client_ID: "7777", type: "read" },
    { type: "info" },
  ]);
  assertEquals(
    answers.map(({ clientId, type }) => [clientId, type]),
    [
      ["5555", "success"],
      ["5555", "info"],
      ["6666", "error"],
      ["5555", "success"],
      ["7777", "error"],
      [null, "info"],
    ],
  );
  const text = answers[3]?.data;
  assertEquals(
    typeof text === "string" && text.slice(-MAX_DATA_BYTES / 2),
    longest.slice(-MAX_DATA_BYTES / 2),
  );
  for (const answer of answers) {
    if (answer.type !== "info") continue;
    const { connections, max_connections, records } = answer.data;
    assertEquals(records, before + 1, "records are not counted as they are");
    assertEquals(max_connections, owed.maxConnections);
    assert(connections >= guests.length, `there are ${connections} connections, and two are here`);
  }
  for (const each of guests) each.leave();
}

/**
 * Who says nothing is sent away; of one address few tokens are looked at, however often it comes. Others of
 * its network, where addresses are IPv6, wait with it: it comes when nobody else does.
 */
export async function checkLocked(sim: SimWorld, token: string): Promise<void> {
  const silent = await Guest.come(sim, "silent");
  await sim.advance(2 * LOGIN_MS + 1000);
  assert(silent.isOver, "who shows no token may stay");
  const fromMs = sim.now;
  let looked = 0;
  for (let count = 0; count < SIEGE.connections; count++) {
    const guest = await Guest.come(sim, "burglar");
    const guesses = Array.from({ length: SIEGE.each }, () => ({ type: "auth", data: `${token} ` }));
    const answers = await guest.ask(sim, guesses);
    assert(answers.every(({ type }) => type === "error"), "a guess has opened the store");
    looked += answers.filter(({ data }) => data === "Wrong token.").length;
    guest.leave();
  }
  const most = LOOKED_AT * (2 + (sim.now - fromMs) / 1000);
  assert(looked <= most, `${looked} guesses of one address were looked at`);
}
