import { assert, assertEquals } from "@std/assert";
import { history } from "../../actors/chat/history.ts";
import type { HistoryCommand } from "../../actors/chat/owner_messages.ts";
import { openFileJournal } from "../../actors/store/file_journal.ts";
import { type SimHost, simulate, type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { type Counted, countedCodec } from "./_journal_contract.ts";

const SIGNATURE = { text: "test journal 1", of: "a test's journal" };

function open(sim: SimWorld, host: SimHost, found: number[]) {
  return sim.settle(openFileJournal<Counted>(host.world, "/data/journal", {
    codec: countedCodec,
    signature: SIGNATURE,
    replay: ({ n }) => void found.push(n),
    warn: () => {},
  }));
}

Deno.test("journal, file: a snapshot keeps mode and link, and what a crash had left of one is gone", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  host.disk.write("/data/real", "");
  host.disk.setMode("/data/real", 0o600);
  host.disk.link("/data/journal", "real");
  host.disk.write("/data/.real.1a2b3c4d.tmp", "half");
  const journal = await open(sim, host, []);
  journal.append([{ n: 1, text: "" }]);
  await sim.settle(journal.snapshot(() => [{ n: 2, text: "" }]));
  await sim.settle(journal.close());
  assertEquals(host.disk.mode("/data/real"), 0o600);
  assertEquals(host.disk.names("/data"), ["journal", "real"]);
  const found: number[] = [];
  await sim.settle((await open(sim, host, found)).close());
  assertEquals(found, [2]);
  sim.close();
});

Deno.test("journal, file: whatever is done to the file by others, crashes or failing disks, what was committed after it is there", async () => {
  await simulate("journal and others", { seeds: 60 }, async (sim) => {
    const host = sim.host("a");
    host.disk.makeDirectory("/data");
    let next = 0;
    /** What must be there: all that was committed since others last changed the file. */
    let expected: number[] = [];
    for (let life = 0; life < 4; life++) {
      const found: number[] = [];
      const journal = await open(sim, host, found);
      const there = new Set(found);
      assert(expected.every((n) => there.has(n)), `${found} lacks some of ${expected}`);
      assertEquals(found.length, there.size);
      for (let i = 0; i < 12; i++) {
        const chance = sim.random.next();
        if (chance < 0.08) host.disk.remove("/data/journal");
        else if (chance < 0.12) host.disk.write("/data/journal", "");
        else if (chance < 0.16) host.disk.write("/data/journal", "somebody's notes\n".repeat(9));
        if (chance < 0.16) expected = [];
        if (chance > 0.85) host.disk.failNext("sync", "other", { dropsPages: sim.random.next() < 0.5 });
        const n = next++;
        journal.append([{ n, text: "x".repeat(sim.random.integer(0, 5000)) }]);
        const done = sim.random.next() < 0.1
          ? journal.snapshot(() => [...expected, n].map((n) => ({ n, text: "snapshot" })))
          : journal.commit();
        if (await sim.settle(done.then(() => true, () => false))) expected.push(n);
      }
      host.disk.forgetFailures();
      if (sim.random.next() < 0.5) host.crash();
      else host.kill();
      host.restart(() => {});
    }
  });
});

Deno.test("chat history: what was said while the disk failed is in the file once it takes writes again", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  const start = () => {
    const system = new ActorSystem("chat", { world: host.world });
    const ref: Ref<HistoryCommand> = system.spawn("history", history({ file: "/history" }));
    const keep = (line: string) =>
      sim.settle(
        ref.ask<void>((replyTo) => ({ type: "keep", room: "lobby", lines: [line], replyTo }), {
          timeoutMs: 60_000,
        }),
      );
    const last = () =>
      sim.settle(
        ref.ask<readonly string[]>((replyTo) => ({ type: "last", room: "lobby", lines: 50, replyTo }), {
          timeoutMs: 60_000,
        }),
      );
    return { keep, last };
  };
  const first = start();
  await first.keep("one");
  host.disk.failNext("write", "no-space", { path: "/history", count: 3 });
  for (const line of ["two", "three", "four", "five"]) await first.keep(line);
  await sim.advance(2000);
  await first.keep("six");
  host.crash();
  host.restart(() => {});
  assertEquals(await start().last(), ["one", "two", "three", "four", "five", "six"]);
  sim.close();
});
