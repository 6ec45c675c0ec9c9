/**
 * A document that is edited through all its doors, under chaos: everybody ends with one text, and that has
 * exactly what it must have by what each of them was told.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { editorServer } from "../../actors/editor/mod.ts";
import { historyPath } from "../../actors/editor/open_history.ts";
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { Browser } from "./_document_browser.ts";
import { countTokens, DocumentOracle } from "./_document_oracle.ts";
import { Everybody, FILE, LINE_ADDRESS, WEB_PORT, WEB_URL } from "./_document_everybody.ts";
import { LineEditor, START } from "./_document_people.ts";
import { ANY_DISK_OPERATION, type Campaign, playsAll, service } from "./_harness.ts";
import { LONG_PAUSE, pauseForLong } from "./_long_pause.ts";

const CHAOS_STEPS = 8;
const CHAOS_STEP_MS = 400;

/** The campaign, with a server as given. */
export function togetherCampaign(name: string, makeServer: typeof editorServer): Campaign {
  const sometimes = [
    ...["power cut", "killed", "asked to stop", "paused", "way cut", "connection reset", "slow disk"],
    ...["write fails", "power cut leaves length before data", "crash during sync", "crash after write"],
  ].map((fault) => `fault: ${fault}`);
  return {
    name,
    sometimes: [
      ...sometimes,
      LONG_PAUSE,
      "a save came into a replacement",
      "everybody had left the page",
      "a line was taken out of the file",
      "the history was compacted",
    ],
    run: (sim) => run(sim, makeServer),
  };
}

/** The editor as it is. */
export const together: Campaign = togetherCampaign("editor through all doors under chaos", editorServer);

/**
 * A pause in typing, and the file holds what was typed: nobody has to type on for that, however long it takes
 * to look at the file.
 */
export const fileFollows: Campaign = {
  name: "editor's file follows its text",
  async run(sim) {
    const server = sim.host("server");
    server.disk.write(FILE, "");
    startServer(sim, editorServer);
    const writer = new Browser(sim.host("w0"), "w0", WEB_URL);
    writer.isWriting = false;
    await sim.until(() => writer.isSaved, 10_000, "the writer to be there");
    sim.chaos({ hosts: ["server"], cpuMs: [0, 1] });
    server.disk.slowness = sim.random.pick([1, 100, 1000]);
    for (let pause = 0; pause < 20; pause++) {
      for (let keys = 1 + sim.random.next() * 5; keys > 0; keys--) {
        writer.write();
        await sim.advance(1 + sim.random.next() * 150);
      }
      await sim.until(() => writer.isSaved, 10_000, "the edits to be saved");
      const text = writer.value;
      await sim.until(() => server.disk.readText(FILE) === text, 5000, "the file to hold it");
      await sim.advance(sim.random.next() * 2000);
    }
  },
};

/**
 * Somebody reads the file, thinks, and saves it, while others type: they lose nothing, however often the file
 * was written meanwhile.
 */
export const slowPerson: Campaign = {
  name: "editor's file saved by a person who thinks",
  async run(sim) {
    const { disk } = sim.host("server", { logLevel: "warn" });
    const edits = playsAll(sim) ? 5 : 2;
    // Not empty: who saves a line of their own over nothing has replaced the text.
    disk.write(FILE, "There is a text already when the person opens it.\n");
    startServer(sim, editorServer);
    const writer = new Browser(sim.host("w0"), "w0", WEB_URL);
    const line = new LineEditor(sim.host("l0"), "l0", LINE_ADDRESS);
    await sim.until(() => writer.isSaved && line.client.isConnected, 10_000, "the writers to be there");
    for (let edit = 0; edit < edits; edit++) {
      const read = disk.readText(FILE) ?? "";
      await sim.advance(500 + sim.random.next() * 4500);
      disk.write(FILE, `person.${edit}\n${read}`);
      await sim.until(() => writer.value.includes(`person.${edit}\n`), 5000, "the person's edit");
    }
    writer.isWriting = line.isWriting = false;
    await sim.until(() => writer.isSaved, 10_000, "the edits to be saved");
    const last = `${line.sent.at(-1)}\n`;
    await sim.until(() => writer.value.includes(last), 5000, "the lines to be there");
    writer.check(writer.value);
    const counts = countTokens(writer.value);
    for (const token of line.sent) assertEquals(counts.get(token), 1, token);
    for (let edit = 0; edit < edits; edit++) {
      assertEquals(writer.value.split(`person.${edit}\n`).length, 2, `person.${edit}`);
    }
  },
};

/** @param begins told before each start of it, also after a crash */
function startServer(sim: SimWorld, makeServer: typeof editorServer, begins: () => void = () => {}): void {
  const run = service("editor", () =>
    makeServer({
      address: { hostname: "::", port: LINE_ADDRESS.port },
      file: FILE,
      idleFlushMs: 0,
      limits: { maxClients: 1000 },
      web: {
        address: { hostname: "::", port: WEB_PORT },
        hosts: ["server"],
        limits: { pingIntervalMs: 1000 },
        desertedMs: 300,
        compactBytes: 100,
        replica: () => Promise.resolve(yjsReplica),
      },
    }));
  sim.host("server").start((world) => {
    begins();
    return run(world);
  });
}

async function run(sim: SimWorld, makeServer: typeof editorServer): Promise<void> {
  // What each line says is not looked at, and costs.
  const server = sim.host("server", { logLevel: "warn" });
  server.disk.write(FILE, START);
  const everybody = new Everybody(sim);
  const oracle = new DocumentOracle(FILE, everybody.witnesses);
  const history = new HistorySize(sim);
  startServer(sim, makeServer, () => {
    history.begins();
    oracle.begins(server.disk);
  });
  const hasDiskErrors = sim.random.chance(0.5);
  server.disk.slowness = sim.random.pick([1, 5, 20]);
  await chaos(sim, everybody, hasDiskErrors);
  await everybody.calmDown();
  await everybody.writeTogether();
  const text = await everybody.oneText();
  await everybody.seeEachOther();
  everybody.check(text, hasDiskErrors);
  // And after a power cut exactly.
  server.crash();
  server.restart();
  await sim.advance(1000);
  assertEquals(server.disk.readText(FILE), text);
  await checkAcknowledged(sim, everybody);
  oracle.check((token) => everybody.isRemoving(token));
}

/** Looks now and then how long the history is: only who compacts it makes it shorter. */
class HistorySize {
  #bytes = 0;

  constructor(sim: SimWorld) {
    const look = () => {
      const bytes = sim.host("server").disk.read(historyPath(FILE))?.length ?? 0;
      sim.sometimes("the history was compacted", bytes < this.#bytes);
      this.#bytes = bytes;
      clock.timer(20, look);
    };
    const { clock } = sim.host("person").world;
    look();
  }

  /** A crash makes it shorter, too. */
  begins(): void {
    this.#bytes = 0;
  }
}

async function chaos(sim: SimWorld, everybody: Everybody, hasDiskErrors: boolean): Promise<void> {
  const network = sim.chaos({
    hosts: everybody.hosts,
    partitionsPerMinute: 20,
    partitionMs: [50, 2000],
    resetsPerMinute: 50,
  });
  const machines = [
    sim.chaos({ hosts: everybody.hosts, pausesPerMinute: 20, pauseMs: [50, 2000] }),
    sim.chaos({
      hosts: ["server"],
      crashesPerMinute: 15,
      killsPerMinute: 15,
      aimedCrashesPerMinute: 15,
      gracefulRestartsPerMinute: 8,
      downMs: [10, 400],
      // Not garbage: see the campaign of the line door.
      tearing: { sectorsOutOfOrder: 0.4, lengthBeforeData: 0.4 },
      slowDisksPerMinute: 15,
      diskErrorsPerMinute: hasDiskErrors ? 30 : 0,
      diskErrorOperations: ANY_DISK_OPERATION,
      droppedPages: 0.5,
    }),
    // Who tells of something too early does so while this goes on.
    sim.chaos({
      hosts: ["server"],
      aimedCrashesPerMinute: 15,
      aim: { operation: "sync", path: /history/ },
      downMs: [10, 400],
    }),
  ];
  for (let step = 0; step < CHAOS_STEPS; step++) {
    await sim.advance(CHAOS_STEP_MS);
    if (sim.random.chance(0.2)) sim.random.pick(everybody.browsers).reload();
    if (!sim.random.chance(0.1)) continue;
    // Now it is edited by lines alone, until somebody comes back.
    for (const browser of everybody.browsers) browser.close();
    await sim.advance(sim.random.between(100, 700));
    for (const browser of everybody.browsers) browser.open();
    sim.sometimes("everybody had left the page");
  }
  for (const plan of machines) plan.stop();
  await pauseForLong(sim, everybody.hosts, undefined, (ms) => everybody.writeAndRest(ms));
  network.stop();
}

/** What is acknowledged is on the disk at that moment: here no browser is left that could bring it back. */
async function checkAcknowledged(sim: SimWorld, everybody: Everybody): Promise<void> {
  const server = sim.host("server");
  await sim.until(() => everybody.isSaved, 30_000, "all to be back");
  for (const browser of everybody.browsers) browser.write();
  await sim.until(() => everybody.isSaved, 30_000, "the edits to be acknowledged");
  server.crash();
  for (const browser of everybody.browsers) browser.close();
  server.restart();
  await sim.advance(1000);
  const text = server.disk.readText(FILE) ?? "";
  for (const browser of everybody.browsers) browser.check(text);
  assert(text.length > 0);
}
