import { assert, assertEquals } from "@std/assert";
import { simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { assertAgree, onDisk, PLACES, recordText, startAgain, startStore, type Store } from "./_store.ts";

function newHost(sim: SimWorld) {
  const host = sim.host("a");
  host.disk.makeDirectory(PLACES.filesDirectory);
  host.disk.makeDirectory(PLACES.recordDirectory);
  return host;
}

const pad = (number: number) => String(number).padStart(2, "0");

/** What clients have sent and been told: by id, all texts in order, and how many are acknowledged. */
type Sent = Map<string, { texts: string[]; acknowledged: number }>;

/** A client that writes one text after the other, to ids of its own or to a shared one. */
async function writeOn(sim: SimWorld, store: Store, sent: Sent, ids: readonly string[]): Promise<void> {
  for (let turn = 0;; turn++) {
    const id = ids[sim.random.integer(0, ids.length - 1)] ?? "0";
    const stamp = `2025-0${1 + (turn % 9)}-${pad(1 + (turn % 28))} 00:00:${pad(turn % 60)}`;
    const text = recordText(stamp, `${turn} `.repeat(sim.random.integer(1, 400)));
    const record = sent.get(id) ?? { texts: [], acknowledged: 0 };
    sent.set(id, record);
    record.texts.push(text);
    const answer = await store.write(id, text);
    if (answer.type !== "success") throw new Error(JSON.stringify(answer));
    record.acknowledged = record.texts.indexOf(text) + 1;
  }
}

/** Each file is the last text that was acknowledged, or one that was on its way. */
function assertKept(texts: ReadonlyMap<string, string>, sent: Sent): void {
  for (const [id, record] of sent) {
    const found = texts.get(id);
    if (found === undefined) {
      assertEquals(record.acknowledged, 0, `${id} is lost`);
      continue;
    }
    const at = record.texts.lastIndexOf(found) + 1;
    assert(at > 0, `the file of ${id} is nothing that was sent: ${JSON.stringify(found)}`);
    assert(at >= record.acknowledged, `${id} has gone back to the ${at}th of ${record.acknowledged}`);
  }
}

for (
  const [what, ends] of [
    ["a power cut", ["crash"]],
    ["kill -9", ["kill"]],
    ["kill -9 and power cuts, also in the middle of the recovery", ["kill", "crash"]],
  ] as const
) {
  Deno.test(`records store: after ${what} at any moment, what was acknowledged is there and all agrees`, async () => {
    await simulate(`records ${what}`, { seeds: 6 }, async (sim) => {
      const host = newHost(sim);
      const sent: Sent = new Map();
      const end = () => host[sim.random.pick(ends)]();
      for (let round = 0; round < 5; round++) {
        if (round > 0) host.restart(() => {});
        const store = startStore(host.world);
        if (ends.length > 1 && sim.random.chance(0.4)) {
          await sim.advance(sim.random.next() * 3);
          end();
          continue;
        }
        await sim.settle(store.opened);
        if (round > 0) {
          assertAgree(host);
          const { texts } = onDisk(host);
          assertKept(texts, sent);
          assertEquals(await sim.settle(store.count()), texts.size);
          // What a client would read now is what counts from here on.
          for (const [id, record] of sent) {
            const text = texts.get(id);
            record.texts = text === undefined ? [] : [text];
            record.acknowledged = record.texts.length;
          }
        }
        // Long enough for the journal to be settled in the third life, which is not so crowded.
        const isLong = round === 2;
        for (let client = 0; client < (isLong ? 1 : 6); client++) {
          // In a life that ends, its promises never settle.
          void writeOn(sim, store, sent, [`${client}`, `1000${client}`]);
        }
        await sim.advance(sim.random.integer(0, isLong ? 1300 : 40));
        end();
      }
      const store = await startAgain(sim, host);
      assertKept(onDisk(host).texts, sent);
      assertAgree(host);
      await sim.settle(store.system.stop());
      assertAgree(host);
    });
  });
}

Deno.test("records store: a stop in the middle of writes leaves files and record file in agreement, and no journal", async () => {
  await simulate("records stop", { seeds: 6 }, async (sim) => {
    const host = newHost(sim);
    const store = startStore(host.world);
    await sim.settle(store.opened);
    const sent: Sent = new Map();
    const ends: Promise<void>[] = [];
    for (let client = 0; client < 6; client++) {
      ends.push(writeOn(sim, store, sent, [`${client}`, `1000${client}`]).catch(() => {}));
    }
    await sim.advance(sim.random.integer(0, 60));
    await sim.settle(store.system.stop());
    await sim.settle(Promise.all(ends));
    assertKept(onDisk(host).texts, sent);
    assertAgree(host);
  });
});

Deno.test("records store: a refresh undoes no write, gives all that are due the present time, and leaves the rest alone", async () => {
  await simulate("records refresh", { seeds: 15 }, async (sim) => {
    const host = newHost(sim);
    const fresh = "2025-12-31 23:59:00";
    const old = "2025-12-31 20:00:00";
    const records: Record<string, string> = {};
    for (let id = 0; id < 60; id++) {
      const stamp = records[id] = id % 3 === 0 ? fresh : old;
      host.disk.write(`/files/${id}.txt`, recordText(stamp, `first of ${id}`));
    }
    host.disk.write("/record/records.json", JSON.stringify(records));
    const store = startStore(host.world, { refresh: { intervalMs: 1000, thresholdMs: 3600_000 } });
    await sim.settle(store.opened);
    // Clients write into the middle of it, with a datestamp of their own.
    const written = new Map<string, string>();
    const writers = Array.from({ length: 5 }, async (_, writer) => {
      await sim.advance(999 + sim.random.integer(0, 10));
      for (let id = writer; id < 60; id += 7) {
        const text = recordText("2026-01-01 00:00:00", `written to ${id}`);
        written.set(`${id}`, text);
        assertEquals((await store.write(`${id}`, text)).type, "success");
      }
    });
    await sim.settle(Promise.all(writers));
    await sim.until(() => host.log.lines().includes("Files updated."), 20_000);
    const { texts } = onDisk(host);
    for (const [id, text] of texts) {
      const [first = "", ...rest] = text.split("\n");
      const own = written.get(id)?.split("\n") ?? recordText("", `first of ${id}`).split("\n");
      assertEquals(rest, own.slice(1), `what ${id} says`);
      if (!written.has(id)) assertEquals(first === `Last updated: ${fresh}`, Number(id) % 3 === 0, first);
      assert(first !== `Last updated: ${old}`);
    }
    await sim.settle(store.system.stop());
    assertAgree(host);
  });
});

Deno.test("records store: a change that a restart has found without its folder's sync is not taken back by a power cut after it", async () => {
  await simulate("records found and lost", { seeds: 10 }, async (sim) => {
    const host = newHost(sim);
    host.disk.write("/files/7.txt", recordText("2025-01-01 00:00:00", "old"));
    let store = startStore(host.world);
    await sim.settle(store.opened);
    host.disk.failNext("syncDirectory", "other", { path: "/files" });
    const written = await sim.settle(store.write("7", recordText("2025-02-02 00:00:00", "new")));
    assertEquals(written.type, "error");
    host.kill();
    store = await startAgain(sim, host);
    assertEquals(onDisk(host).records.get("7"), "2025-02-02 00:00:00");
    // It begins a new journal, in which 7 does not stand, and never comes to the folder of the files.
    host.disk.failNext("write", "no-space", { path: /^\/files\/\.8\.txt\..*tmp$/ });
    assertEquals((await sim.settle(store.write("8", "x"))).type, "error");
    host.crash();
    store = await startAgain(sim, host);
    assertAgree(host);
    await sim.settle(store.system.stop());
  });
});

Deno.test("records store: under changes without a pause the journal stays short, and names all that are under way", async () => {
  await simulate("records without a pause", { seeds: 10 }, async (sim) => {
    const host = newHost(sim);
    // Known ones: what is new is found without a journal.
    for (let id = 1000; id < 2000; id++) {
      host.disk.write(`/files/${id}.txt`, recordText("2025-01-01 00:00:00", "x"));
    }
    let store = startStore(host.world, { manyIntents: 256 });
    await sim.settle(store.opened);
    const journal = () => host.disk.readText("/record/.records.json.journal")?.length ?? 0;
    for (let id = 1000; id < 2000; id++) {
      void store.write(`${id}`, recordText("2025-03-18 13:14:33", "x")).catch(() => {});
    }
    let longest = 0;
    const isWeeded = () => journal() < (longest = Math.max(longest, journal())) / 2;
    await sim.until(isWeeded, 60_000, "the journal to be weeded out");
    assert(longest >= 5 * 256 && longest < 5 * 400, `${longest} bytes`);
    host.kill();
    store = await startAgain(sim, host);
    assertAgree(host);
    await sim.settle(store.system.stop());
  });
});
