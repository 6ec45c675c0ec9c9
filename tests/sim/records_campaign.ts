/**
 * The records store under chaos: each record is a register that is linearizable, answers come in order, and
 * index and files agree, after each crash and while all is well; strangers get nothing.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { recordsServer } from "../../actors/records/mod.ts";
import { type SimHost, type SimWorld, switchingZone } from "../../actors/world/sim/mod.ts";
import { parseDatestamp } from "../../protocols/records.ts";
import { assertAgree, assertSameRecords, onDisk, PLACES, recordText } from "../records/_store.ts";
import {
  type Campaign,
  lasting,
  MACHINE_FAULTS,
  NETWORK_FAULTS,
  playsAll,
  service,
  TEARING,
  USUAL_FAULTS,
} from "./_harness.ts";
import { LONG_PAUSE, withstand } from "./_long_pause.ts";
import { notLinearizable } from "./_linearizability.ts";
import {
  below,
  EAST_MINUTES,
  History,
  PORT,
  Reader,
  Remover,
  Stranger,
  wallSecondsThere,
  Writer,
} from "./_records_crowd.ts";
import { checkAnswers, checkLocked, LOGIN_MS, MAX_DATA_BYTES } from "./_records_guests.ts";

const CHAOS_MS = 6000;
const REFRESH = { refreshIntervalMs: 700, refreshThresholdMs: 1500 };
const IDS = ["1", "22", "333"];
/** A record that somebody removes by hand now and then. */
const REMOVED = "4444";
/** Records that nobody writes: they are refreshed. */
const OLD_IDS = Array.from({ length: 12 }, (_, index) => `${1000 + index}`);
/** So many records are refreshed at once at most. */
const MAX_REFRESHES = 8;
/** The most crashes after the chaos, each with a look at what is recovered. */
const ROUNDS = 6;
const MAX_CONNECTIONS = 1000;
/** So few that the journal is weeded out while changes go on. */
const MANY_INTENTS = { manyIntents: 5 };
const EAST = switchingZone("Test/East", { beforeMinutes: EAST_MINUTES, afterMinutes: EAST_MINUTES, atMs: 0 });

/** The records store as it is. */
export const records: Campaign = recordsCampaign("records under chaos", recordsServer);

/** The campaign with the store as given. */
export function recordsCampaign(name: string, store: typeof recordsServer): Campaign {
  const sometimes = [
    ...USUAL_FAULTS,
    LONG_PAUSE,
    ...["several requests were under way", "a write failed", "nobody knows of a write"],
    ...[
      "the client program has read a record",
      "a stranger was refused",
      "a round was ended by a crash of its own",
    ],
    ...["fault: crash after sync", "fault: crash during rename", "fault: sync fails, pages dropped"],
    "fault: power cut leaves garbage",
  ];
  return { name, sometimes, run: (sim) => run(sim, store) };
}

async function run(sim: SimWorld, store: typeof recordsServer): Promise<void> {
  const server = sim.host("server", { timeZone: EAST });
  server.disk.makeDirectory(PLACES.filesDirectory);
  server.disk.makeDirectory(PLACES.recordDirectory);
  for (const id of OLD_IDS) {
    server.disk.write(`${PLACES.filesDirectory}/${id}.txt`, recordText("2025-03-18 13:14:33", "of old"));
  }
  const token = sim.random.chance(0.5) ? "open sesame" : undefined;
  server.start(service("records", () =>
    store({
      ...PLACES,
      ...MANY_INTENTS,
      address: { hostname: "::", port: PORT },
      maxConnections: MAX_CONNECTIONS,
      maxDataBytes: MAX_DATA_BYTES,
      limits: { loginTimeoutMs: LOGIN_MS },
      ...(token === undefined ? {} : { token }),
      ...REFRESH,
    })));
  const histories = IDS.map((id) => new History(id));
  // Two write and read each record, from machines of their own.
  const clients = [...histories, new History(REMOVED)].flatMap((history) =>
    ["a", "b"].map((which) => new Writer(sim, { history, which, token }))
  );
  const readers = histories.map((history) => new Reader(sim, history, token));
  const stranger = new Stranger(sim, token !== undefined);
  const remover = new Remover(sim, server, REMOVED);
  const hosts = [...clients, ...readers, stranger].map(({ host }) => host);
  const network = sim.chaos({ hosts: ["server", ...hosts], ...NETWORK_FAULTS });
  const machines = [
    sim.chaos({
      hosts: ["server"],
      ...MACHINE_FAULTS,
      tearing: TEARING,
      diskErrorsPerMinute: 60,
      droppedPages: 0.7,
    }),
    sim.chaos({ hosts, pausesPerMinute: 10, pauseMs: [100, 2000], cpuMs: [0, 0.3] }),
  ];
  await withstand(sim, { forMs: lasting(sim, CHAOS_MS), network, machines, hosts: ["server", ...hosts] });
  sim.net.configure({ latencyMs: [0.2, 2], bytesPerSecond: 100_000_000 });
  server.clockSkewMs = 0;
  stranger.isOver = remover.isOver = true;
  for (const client of [...clients, ...readers]) client.isOver = true;
  await sim.advance(3000);
  for (const client of clients) await client.finish(sim);
  remover.remove();
  await checkRefreshed(sim, server);
  await checkAnswers(sim, server, { token, maxConnections: MAX_CONNECTIONS });
  for (const client of clients) await client.burst(sim);
  await crashAgainAndAgain(sim, server, clients);
  if (token !== undefined) await checkLocked(sim, token);
  checkRounds(server);
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
  assertEquals(server.disk.names("/"), ["files", "record"], "something is beside the folders");
}

/** Nothing that is stored is older than the threshold for longer than a round of the refresh takes. */
async function checkRefreshed(sim: SimWorld, server: SimHost): Promise<void> {
  const endMs = sim.now + 3 * (REFRESH.refreshIntervalMs + REFRESH.refreshThresholdMs);
  const old = new RegExp(`^\\.?(${OLD_IDS.join("|")})\\b.*\\.tmp`);
  let most = 0;
  await sim.until(() => {
    const underWay = server.disk.names(PLACES.filesDirectory).filter((name) => old.test(name)).length;
    most = Math.max(most, underWay);
    return sim.now >= endMs;
  }, Infinity);
  sim.sometimes("several are refreshed at once", most > 1);
  assert(most <= MAX_REFRESHES, `${most} records are refreshed at once`);
  await sim.until(() => !isRefreshing(server), 1000, "the round to end");
  const nowSeconds = wallSecondsThere(server.world.clock.now());
  for (const [id, text] of onDisk(server).texts) {
    const stamp = parseDatestamp(/^Last updated: (.*)/.exec(text)?.[1] ?? "");
    assert(stamp !== undefined, `record ${id} has no datestamp`);
    // Datestamps are whole seconds.
    const oldestSeconds = (REFRESH.refreshIntervalMs + REFRESH.refreshThresholdMs) / 1000 + 2;
    assert(nowSeconds - stamp <= oldestSeconds, `record ${id} was not refreshed for ${nowSeconds - stamp} s`);
    assert(stamp <= nowSeconds, `record ${id} is of ${stamp - nowSeconds} s to come, and was not refreshed`);
  }
  assert(server.disk.read(`${PLACES.filesDirectory}/${REMOVED}.txt`) === undefined, "a record has come back");
  // Without a restart, which would mend it.
  assertSameRecords(server);
}

function isRefreshing({ log: { records } }: SimHost): boolean {
  const last = records.findLast(({ message }) =>
    message === "Updating files..." || message === "Files updated."
  );
  return last?.message === "Updating files...";
}

/** What a crash leaves is recovered before anybody is served: files and record file agree. */
async function crashAgainAndAgain(
  sim: SimWorld,
  server: SimHost,
  clients: readonly Writer[],
): Promise<void> {
  server.disk.tearing = TEARING;
  const { random } = sim;
  for (let round = 0; round < (playsAll(sim) ? ROUNDS : 2); round++) {
    for (const client of clients) client.isOver = false;
    const how = random.chance(0.7) ? "crash" : "kill";
    if (random.chance(0.5)) {
      server.crashAt({
        when: random.pick(["before", "during", "after"]),
        skip: random.integer(20, 200),
        how,
      });
      await sim.until(() => !server.isUp, 400).catch(() => {});
    } else await crashWhenSettled(sim, server, clients);
    sim.sometimes("a round was ended by a crash of its own", !server.isUp);
    server.disk.forgetFailures();
    if (how === "crash") server.crash();
    else server.kill();
    for (const client of clients) client.isOver = true;
    await sim.until(() => clients.every(({ isIdle }) => isIdle), 10_000, "the clients to know");
    const from = server.log.records.length;
    server.restart();
    let next = from;
    const isReady = () => {
      const { records } = server.log;
      while (next < records.length) if (records[next++]?.message === "Press Ctrl+C to quit.") return true;
      return false;
    };
    await sim.until(isReady, 10_000, "the server to be ready");
    assertAgree(server);
  }
}

/**
 * The power goes when the journal has just gone: what it named is durable. Where the folder of a file could
 * not be made durable, the journal names it still.
 */
async function crashWhenSettled(
  sim: SimWorld,
  server: SimHost,
  clients: readonly Writer[],
): Promise<void> {
  const { random } = sim;
  const path = random.chance(0.5) ? PLACES.filesDirectory : undefined;
  if (path !== undefined) server.disk.failNext("syncDirectory", "other", { path });
  await sim.advance(random.between(50, 300));
  for (const client of clients) client.isOver = true;
  server.crashAt({ operation: "remove", path: /\.journal$/, when: "after" });
  await sim.until(() => !server.isUp, 4000).catch(() => {});
  sim.sometimes("the power went when the journal had gone", !server.isUp);
}

/** Records are refreshed in rounds: one that has ended has no more to tell. */
function checkRounds(server: SimHost): void {
  let isUnderWay = false;
  for (const { message } of server.log.records) {
    if (message === "Updating files...") isUnderWay = true;
    else if (message === "Files updated.") isUnderWay = false;
    else if (/^File of client \d+ updated\.$/.test(message)) {
      assert(isUnderWay, `a round was over, and then: ${message}`);
    }
  }
}
